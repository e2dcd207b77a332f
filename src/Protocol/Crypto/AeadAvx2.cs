using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// ChaCha20-Poly1305 in AVX2. Eight blocks of ChaCha20 at a time take in blocks of the MAC beside them with integers; vectors
/// take in what is left of the message from where that stands. Sealing, the MAC follows the ciphertext one step behind. Opening,
/// the ciphertext is there from the start, and key stream collects in a buffer until the tag is known to be right.
/// </summary>
internal readonly unsafe partial struct AeadAvx2 : IAeadKernel
{
    // Up to here four blocks in rows do, the MAC's key among them.
    private const int MaxShort = ChaCha20Avx2Rows.Size - ChaCha20Scalar.BlockSize;

    // What the first eight blocks give: key stream for so much data, and the MAC's key.
    private const int First = ChaCha20Avx2.Size - ChaCha20Scalar.BlockSize;

    // How much key stream opening makes before it knows the tag: enough for an Ethernet frame's packet.
    private const int Ahead = First + (3 * ChaCha20Avx2.Size);

    // Bytes of a cache line.
    private const int Line = 64;

    public static bool IsSupported => Avx2.IsSupported && Bmi2.X64.IsSupported;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Seal(byte* key, ulong counter, byte* data, int length)
    {
        if (length <= MaxShort)
        {
            SealShort(key, counter, data, length);
            return;
        }

        Scratch scratch;
        Poly1305Words mac;
        ChaCha20Avx2.SetKey(scratch.State, key);
        int authenticated = XorAndBegin(scratch.State, scratch.KeyStream, counter, data, length, scratch.OneTimeKey, &mac);
        Poly1305Avx2.Finish(&mac, scratch.OneTimeKey, data, length, authenticated, data + length);
        scratch.Wipe();
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryOpen(byte* key, ulong counter, byte* data, int length)
    {
        if (length <= MaxShort)
        {
            return TryOpenShort(key, counter, data, length);
        }

        Scratch scratch;
        Poly1305Words mac;
        byte* tag = stackalloc byte[Aead.TagSize];
        ChaCha20Avx2.SetKey(scratch.State, key);
        int authenticated = GenerateAndBegin(scratch.State, scratch.KeyStream, counter, data, length, scratch.OneTimeKey, &mac);
        Poly1305Avx2.Finish(&mac, scratch.OneTimeKey, data, length, authenticated, tag);
        bool authentic = (Vector128.Load(tag) ^ Vector128.Load(data + length)) == Vector128<byte>.Zero;
        if (authentic)
        {
            KeyStream.Xor(data, scratch.KeyStream, Math.Min(length, Ahead));
            uint block = Ahead / ChaCha20Scalar.BlockSize + 1;
            for (int done = Ahead; done < length; done += ChaCha20Avx2.Size, block += ChaCha20Avx2.Blocks)
            {
                XorBlocks(scratch.State, block, data + done, length - done, scratch.KeyStream, &mac, data, macBlocks: 0);
            }
        }
        else
        {
            // Nobody gets to see it: it would open the genuine packet.
            CryptographicOperations.ZeroMemory(new Span<byte>(scratch.KeyStream, Ahead));
        }

        scratch.Wipe();
        return authentic;
    }

    /// <summary>Sealing: the packet ^= its key stream, of which the first block is the MAC's key.</summary>
    /// <param name="state">Has the key.</param>
    /// <param name="buffer">Room for <see cref="ChaCha20Avx2.Size"/> bytes.</param>
    /// <param name="mac">What the MAC has taken in; whole groups are left, unless the packet is so short that it took in nothing.</param>
    /// <returns>How many bytes these are.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int XorAndBegin(
        Vector256<uint>* state, byte* buffer, ulong counter, byte* data, int length, byte* oneTimeKey, Poly1305Words* mac)
    {
        *mac = default;
        ChaCha20Avx2.SetFirstBlocks(state, counter);
        new Span<byte>(oneTimeKey, ChaCha20Scalar.BlockSize).Clear();
        if (length < First)
        {
            ChaCha20Avx2.Run(state, buffer, oneTimeKey, xor: false, mac, data, macBlocks: 0);
            KeyStream.Xor(data, buffer, length);
        }
        else
        {
            ChaCha20Avx2.Run(state, data, oneTimeKey, xor: true, mac, data, macBlocks: 0);
        }

        *mac = new Poly1305Words(oneTimeKey);
        int authenticated = 0;
        uint block = ChaCha20Avx2.Blocks;
        for (int done = First; done < length; done += ChaCha20Avx2.Size, block += ChaCha20Avx2.Blocks)
        {
            int macBlocks = MacBlocks(length, authenticated, available: done);
            XorBlocks(state, block, data + done, length - done, buffer, mac, data + authenticated, macBlocks);
            authenticated += macBlocks * Poly1305Scalar.BlockSize;
        }

        return authenticated;
    }

    /// <summary>Opening: the packet's key stream, up to <see cref="Ahead"/> bytes, which waits. Otherwise as <see cref="XorAndBegin"/>.</summary>
    /// <param name="keyStream">Room for <see cref="Ahead"/> bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int GenerateAndBegin(
        Vector256<uint>* state, byte* keyStream, ulong counter, byte* data, int length, byte* oneTimeKey, Poly1305Words* mac)
    {
        *mac = default;
        ChaCha20Avx2.SetFirstBlocks(state, counter);
        ChaCha20Avx2.Run(state, keyStream, oneTimeKey, xor: false, mac, data, macBlocks: 0);

        *mac = new Poly1305Words(oneTimeKey);
        int authenticated = 0;
        uint block = ChaCha20Avx2.Blocks;
        for (int ahead = First; ahead < length && ahead < Ahead; ahead += ChaCha20Avx2.Size, block += ChaCha20Avx2.Blocks)
        {
            int macBlocks = MacBlocks(length, authenticated, available: length);
            ChaCha20Avx2.SetBlocks(state, block);
            ChaCha20Avx2.Run(state, keyStream + ahead, keyStream + ahead + First, xor: false, mac, data + authenticated, macBlocks);
            authenticated += macBlocks * Poly1305Scalar.BlockSize;
        }

        return authenticated;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SealShort(byte* key, ulong counter, byte* data, int length)
    {
        byte* keyStream = stackalloc byte[ChaCha20Avx2Rows.Size];
        ChaCha20Avx2Rows.Generate(key, counter, keyStream);
        KeyStream.Xor(data, keyStream + ChaCha20Scalar.BlockSize, length);
        TagShort(keyStream, data, length, data + length);
        CryptographicOperations.ZeroMemory(new Span<byte>(keyStream, ChaCha20Scalar.BlockSize));
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryOpenShort(byte* key, ulong counter, byte* data, int length)
    {
        byte* keyStream = stackalloc byte[ChaCha20Avx2Rows.Size];
        byte* tag = stackalloc byte[Aead.TagSize];
        ChaCha20Avx2Rows.Generate(key, counter, keyStream);
        TagShort(keyStream, data, length, tag);
        bool authentic = (Vector128.Load(tag) ^ Vector128.Load(data + length)) == Vector128<byte>.Zero;
        if (authentic)
        {
            KeyStream.Xor(data, keyStream + ChaCha20Scalar.BlockSize, length);
        }

        CryptographicOperations.ZeroMemory(new Span<byte>(keyStream, authentic ? ChaCha20Scalar.BlockSize : ChaCha20Avx2Rows.Size));
        return authentic;
    }

    // With integers alone: vectors need powers of r first, which pays for longer messages.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TagShort(byte* oneTimeKey, byte* data, int length, byte* tag)
    {
        byte* last = stackalloc byte[2 * Poly1305Scalar.BlockSize];
        var mac = new Poly1305Words(oneTimeKey);
        int blocks = length / Poly1305Scalar.BlockSize;
        mac.Absorb(data, blocks);
        int rest = length & (Poly1305Scalar.BlockSize - 1);
        Vector256.Create(0UL, 0UL, 0UL, (ulong)length).Store((ulong*)last);
        Unsafe.CopyBlockUnaligned(last, data + length - rest, (uint)rest);
        mac.Absorb(rest == 0 ? last + Poly1305Scalar.BlockSize : last, rest == 0 ? 1 : 2);
        mac.Finish(oneTimeKey, tag);
    }

    // Up to eight blocks; the last ones of a packet, if they are few, go through the buffer.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void XorBlocks(
        Vector256<uint>* state, uint block, byte* data, int length, byte* buffer, Poly1305Words* mac, byte* message, int macBlocks)
    {
        ChaCha20Avx2.SetBlocks(state, block);
        if (length >= ChaCha20Avx2.Size)
        {
            ChaCha20Avx2.Run(state, data, data + First, xor: true, mac, message, macBlocks);
        }
        else
        {
            ChaCha20Avx2.Run(state, buffer, buffer + First, xor: false, mac, message, macBlocks);
            KeyStream.Xor(data, buffer, length);
        }
    }

    // How many blocks the MAC takes in beside the next eight of ChaCha20: as many as there are and fit, such that
    // what is left for the vectors is whole groups of four, of which the last is the message's end and its length.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int MacBlocks(int length, int authenticated, int available)
    {
        int left = Poly1305Avx2.Blocks(length - authenticated);
        int blocks = Math.Min(Math.Min(ChaCha20Avx2.MacBlocks, (available - authenticated) / Poly1305Scalar.BlockSize), left - 4);
        return Math.Max(0, blocks - ((blocks - left) & 3));
    }

    private static byte* AtLine(byte* memory) => (byte*)(((nuint)memory + (Line - 1)) & ~(nuint)(Line - 1));

    // On the stack while a packet is worked on. It begins with a cache line: no vector of the state lies across two.
    private struct Scratch
    {
        private const int OneTimeKeyOffset = ChaCha20Avx2.StateLength * 32;
        private const int KeyStreamOffset = OneTimeKeyOffset + ChaCha20Scalar.BlockSize;

        private fixed byte _memory[KeyStreamOffset + Ahead + Line - 1];

        public Vector256<uint>* State => (Vector256<uint>*)Start;

        public byte* OneTimeKey => Start + OneTimeKeyOffset;

        public byte* KeyStream => Start + KeyStreamOffset;

        private byte* Start => AtLine((byte*)Unsafe.AsPointer(ref _memory[0]));

        // The keys. The key stream of what was sealed or opened tells no more than the plaintext, which lies in memory as well.
        public void Wipe() => CryptographicOperations.ZeroMemory(new Span<byte>(Start, KeyStreamOffset));
    }
}
