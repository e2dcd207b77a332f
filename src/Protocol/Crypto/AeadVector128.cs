using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// ChaCha20-Poly1305 for processors with 128-bit vectors: ChaCha20 three blocks at a time, Poly1305 with 64-bit integers,
/// since no portable vector operation multiplies 32 bits to 64. The first three blocks give the MAC's key and 128 bytes of key stream.
/// </summary>
internal readonly unsafe struct AeadVector128 : IAeadKernel
{
    private const int First = ChaCha20Vector128.Size - ChaCha20Scalar.BlockSize;

    public static bool IsSupported => Vector128.IsHardwareAccelerated && BitConverter.IsLittleEndian;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Seal(byte* key, ulong counter, byte* data, int length)
    {
        byte* keyStream = stackalloc byte[ChaCha20Vector128.Size];
        ChaCha20Vector128.Generate(key, block: 0, counter, keyStream);
        KeyStream.Xor(data, keyStream + ChaCha20Scalar.BlockSize, Math.Min(length, First));
        var mac = new Poly1305Scalar(OneTimeKey(keyStream));
        if (length > First)
        {
            XorRest(key, counter, data, length, keyStream);
        }

        Tag(ref mac, data, length, data + length);
        CryptographicOperations.ZeroMemory(new Span<byte>(keyStream, ChaCha20Vector128.Size));
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryOpen(byte* key, ulong counter, byte* data, int length)
    {
        byte* keyStream = stackalloc byte[ChaCha20Vector128.Size];
        byte* tag = stackalloc byte[Aead.TagSize];
        ChaCha20Vector128.Generate(key, block: 0, counter, keyStream);
        var mac = new Poly1305Scalar(OneTimeKey(keyStream));
        Tag(ref mac, data, length, tag);
        bool authentic = (Vector128.Load(tag) ^ Vector128.Load(data + length)) == Vector128<byte>.Zero;
        if (authentic)
        {
            KeyStream.Xor(data, keyStream + ChaCha20Scalar.BlockSize, Math.Min(length, First));
            if (length > First)
            {
                XorRest(key, counter, data, length, keyStream);
            }
        }

        CryptographicOperations.ZeroMemory(new Span<byte>(keyStream, ChaCha20Vector128.Size));
        return authentic;
    }

    public static void Seal(byte* key, byte* memory, ReadOnlySpan<AeadPacket> packets)
    {
        foreach (ref readonly AeadPacket packet in packets)
        {
            Seal(key, packet.Counter, memory + packet.Offset, packet.Length);
        }
    }

    public static void Open(byte* key, byte* memory, Span<AeadPacket> packets)
    {
        foreach (ref AeadPacket packet in packets)
        {
            packet.Authentic = TryOpen(key, packet.Counter, memory + packet.Offset, packet.Length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void XorRest(byte* key, ulong counter, byte* data, int length, byte* keyStream)
    {
        uint block = ChaCha20Vector128.Blocks;
        for (int done = First; done < length; done += ChaCha20Vector128.Size, block += ChaCha20Vector128.Blocks)
        {
            ChaCha20Vector128.Generate(key, block, counter, keyStream);
            KeyStream.Xor(data + done, keyStream, Math.Min(length - done, ChaCha20Vector128.Size));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tag(ref Poly1305Scalar mac, byte* data, int length, byte* tag)
    {
        mac.UpdatePadded(new ReadOnlySpan<byte>(data, length));
        mac.UpdateBlock(0, (ulong)length);
        mac.Finish(new Span<byte>(tag, Aead.TagSize));
    }

    private static ReadOnlySpan<byte> OneTimeKey(byte* block) => new(block, 2 * Poly1305Scalar.BlockSize);
}
