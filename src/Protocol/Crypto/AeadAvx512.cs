using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// ChaCha20-Poly1305 with AVX-512: this file for one packet, <c>AeadAvx512.Short.cs</c> for a short one, <c>AeadAvx512.Batch.cs</c>
/// for many. The number of ChaCha20 blocks made at once follows the packet's length, for what is made and not used is lost; 1420 bytes
/// and the MAC's key are sixteen and eight. Beside sixteen blocks, integers take in a part of the MAC, where it has something to take in.
/// </summary>
internal readonly unsafe partial struct AeadAvx512 : IAeadKernel
{
    private const int Block = ChaCha20Scalar.BlockSize;

    // So many bytes have their key stream in the first four or eight blocks, of which the first is the MAC's key.
    private const int RowsMax = ChaCha20Rows512.Size - Block;
    private const int EightMax = ChaCha20Vector256.Size - Block;
    private const int SixteenMax = ChaCha20Vector512.Size - Block;

    // So much of the MAC goes beside sixteen blocks.
    private const int MacAhead = ChaCha20Vector512.MacBlocks * Poly1305Scalar.BlockSize;

    // From here on the MAC goes beside each sixteen blocks after the first.
    private const int LongMin = SixteenMax + ChaCha20Vector512.Size;

    // How much key stream opening makes before it knows the tag: enough for a jumbo frame's packet.
    private const int Ahead = 9 * ChaCha20Vector512.Size;

    public static bool IsSupported => Avx512BW.IsSupported && Avx512BW.VL.IsSupported && Avx512F.VL.IsSupported && Bmi2.X64.IsSupported;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Seal(byte* key, ulong counter, byte* data, int length)
    {
        if (length <= ShortMax)
        {
            SealShort(key, counter, data, length);
            return;
        }

        if (length >= LongMin)
        {
            SealLong(key, counter, data, length);
            return;
        }

        byte* scratch = stackalloc byte[ChaCha20Vector512.Size + Block];
        byte* keyStream = Align(scratch);
        if (length < SixteenMax)
        {
            GenerateFirst(key, counter, length, keyStream);
            MaskedVector512.Xor(data, keyStream + Block, length);
            Poly1305Vector256.Tag(keyStream, data, length, data + length);
        }
        else
        {
            byte* oneTimeKey = stackalloc byte[Block];
            ChaCha20Vector512.Generate(key, 0, counter, new PacketSink512(data, oneTimeKey));
            XorRest(key, ChaCha20Vector512.Blocks, counter, data + SixteenMax, length - SixteenMax, keyStream);
            Poly1305Vector256.Tag(oneTimeKey, data, length, data + length);
            CryptographicOperations.ZeroMemory(new Span<byte>(oneTimeKey, Block));
        }

        CryptographicOperations.ZeroMemory(new Span<byte>(keyStream, ChaCha20Vector512.Size));
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryOpen(byte* key, ulong counter, byte* data, int length)
    {
        if (length <= ShortMax)
        {
            return TryOpenShort(key, counter, data, length);
        }

        if (length >= LongMin)
        {
            return TryOpenLong(key, counter, data, length);
        }

        byte* scratch = stackalloc byte[ChaCha20Vector512.Size + Block];
        byte* keyStream = Align(scratch);
        byte* tag = stackalloc byte[Aead.TagSize];
        int ready = GenerateFirst(key, counter, length, keyStream) - Block;
        Poly1305Vector256.Tag(keyStream, data, length, tag);
        bool authentic = AreEqual(tag, data + length);
        if (authentic)
        {
            int first = Math.Min(length, ready);
            MaskedVector512.Xor(data, keyStream + Block, first);
            XorRest(key, ((uint)ready / Block) + 1, counter, data + first, length - first, keyStream);
        }

        CryptographicOperations.ZeroMemory(new Span<byte>(keyStream, ChaCha20Vector512.Size));
        return authentic;
    }

    // The MAC follows the ciphertext, and falls behind: vectors take in what is left.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SealLong(byte* key, ulong counter, byte* data, int length)
    {
        byte* scratch = stackalloc byte[ChaCha20Vector512.Size + (2 * Block)];
        byte* keyStream = Align(scratch);
        byte* oneTimeKey = keyStream + ChaCha20Vector512.Size;
        ChaCha20Vector512.Generate(key, 0, counter, new PacketSink512(data, oneTimeKey));
        var mac = new Poly1305Words(oneTimeKey);
        int authenticated = 0;
        int done = SixteenMax;
        uint block = ChaCha20Vector512.Blocks;
        for (; length - done >= ChaCha20Vector512.Size; done += ChaCha20Vector512.Size, block += ChaCha20Vector512.Blocks)
        {
            ChaCha20Vector512.Generate(key, block, counter, new XorSink512(data + done), &mac, data + authenticated);
            authenticated += MacAhead;
        }

        XorRest(key, block, counter, data + done, length - done, keyStream);
        Poly1305Avx2.Finish(&mac, oneTimeKey, data, length, authenticated, data + length);
        CryptographicOperations.ZeroMemory(new Span<byte>(keyStream, ChaCha20Vector512.Size + Block));
    }

    // Key stream collects in a buffer until the tag is known to be right.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryOpenLong(byte* key, ulong counter, byte* data, int length)
    {
        byte* scratch = stackalloc byte[Ahead + Block];
        byte* keyStream = Align(scratch);
        byte* tag = stackalloc byte[Aead.TagSize];
        ChaCha20Vector512.Generate(key, 0, counter, new KeyStreamSink512(keyStream));
        var mac = new Poly1305Words(keyStream);
        int authenticated = 0;
        int made = ChaCha20Vector512.Size;
        uint block = ChaCha20Vector512.Blocks;
        for (; made < Ahead && made - Block < length; made += ChaCha20Vector512.Size, block += ChaCha20Vector512.Blocks)
        {
            ChaCha20Vector512.Generate(key, block, counter, new KeyStreamSink512(keyStream + made), &mac, data + authenticated);
            authenticated += MacAhead;
        }

        Poly1305Avx2.Finish(&mac, keyStream, data, length, authenticated, tag);
        bool authentic = AreEqual(tag, data + length);
        if (authentic)
        {
            int first = Math.Min(length, made - Block);
            MaskedVector512.Xor(data, keyStream + Block, first);
            XorRest(key, block, counter, data + first, length - first, keyStream);
        }

        CryptographicOperations.ZeroMemory(new Span<byte>(keyStream, authentic ? ChaCha20Vector512.Size : made));
        return authentic;
    }

    /// <summary>The first blocks of key stream, as many as pay for this length. Returns their size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int GenerateFirst(byte* key, ulong counter, int length, byte* keyStream)
    {
        if (length <= RowsMax)
        {
            ChaCha20Rows512.Generate(key, 0, counter, keyStream);
            return ChaCha20Rows512.Size;
        }

        if (length <= EightMax)
        {
            ChaCha20Vector256.Generate(key, 0, counter, keyStream);
            return ChaCha20Vector256.Size;
        }

        ChaCha20Vector512.Generate(key, 0, counter, new KeyStreamSink512(keyStream));
        return ChaCha20Vector512.Size;
    }

    /// <summary>data ^= the blocks from <paramref name="block"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void XorRest(byte* key, uint block, ulong counter, byte* data, int length, byte* keyStream)
    {
        for (; length >= ChaCha20Vector512.Size; length -= ChaCha20Vector512.Size)
        {
            ChaCha20Vector512.Generate(key, block, counter, new XorSink512(data));
            data += ChaCha20Vector512.Size;
            block += ChaCha20Vector512.Blocks;
        }

        if (length > ChaCha20Vector256.Size)
        {
            ChaCha20Vector512.Generate(key, block, counter, new KeyStreamSink512(keyStream));
        }
        else if (length > ChaCha20Rows512.Size)
        {
            ChaCha20Vector256.Generate(key, block, counter, keyStream);
        }
        else if (length > 0)
        {
            ChaCha20Rows512.Generate(key, block, counter, keyStream);
        }

        MaskedVector512.Xor(data, keyStream, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AreEqual(byte* tag, byte* other) => Vector128.Load(tag) == Vector128.Load(other);

    // A vector that lies across two cache lines costs twice.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Align(byte* scratch) => (byte*)(((nuint)scratch + Block - 1) & ~(nuint)(Block - 1));
}
