using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace WgNet.Protocol;

/// <content>
/// Packets of at most 128 bytes: keepalives, acknowledgements, calls, pings. They come one by one and often after a pause, when no
/// code is in the cache any more: so everything is one straight piece of it, 1.5 kB, with no call.
/// </content>
internal readonly unsafe partial struct AeadAvx512
{
    // Longer ones have the MAC of vectors, which is quicker when everything is warm: 205 ns for 160 bytes, 247 here.
    private const int ShortMax = 128;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SealShort(byte* key, ulong counter, byte* data, int length)
    {
        byte* scratch = stackalloc byte[ChaCha20Rows512.Size + Block];
        byte* keyStream = Align(scratch);
        ChaCha20Rows512.Generate(key, 0, counter, keyStream);
        MaskedVector512.Xor(data, keyStream + Block, length);
        ShortTag(keyStream, data, length).Store((ulong*)(data + length));
        WipeShort(keyStream);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryOpenShort(byte* key, ulong counter, byte* data, int length)
    {
        byte* scratch = stackalloc byte[ChaCha20Rows512.Size + Block];
        byte* keyStream = Align(scratch);
        ChaCha20Rows512.Generate(key, 0, counter, keyStream);
        bool authentic = ShortTag(keyStream, data, length) == Vector128.Load((ulong*)(data + length));
        if (authentic)
        {
            MaskedVector512.Xor(data, keyStream + Block, length);
        }

        WipeShort(keyStream);
        return authentic;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> ShortTag(byte* oneTimeKey, byte* data, int length)
    {
        ulong* words = (ulong*)oneTimeKey;
        ulong r0 = words[0] & Poly1305Scalar.ClampLow, r1 = words[1] & Poly1305Scalar.ClampHigh, s1 = r1 + (r1 >> 2);
        ulong h0 = 0, h1 = 0, h2 = 0;
        for (int rest = length; rest > 0; rest -= Poly1305Scalar.BlockSize, data += Poly1305Scalar.BlockSize)
        {
            Vector128<ulong> block = FirstBytes(data, rest).AsUInt64();
            Poly1305Scalar.Step(ref h0, ref h1, ref h2, r0, r1, s1, block.GetElement(0), block.GetElement(1));
        }

        Poly1305Scalar.Step(ref h0, ref h1, ref h2, r0, r1, s1, 0, (ulong)length);
        Poly1305Scalar.Reduce(ref h0, ref h1, h2, words[2], words[3]);
        return Vector128.Create(h0, h1);
    }

    // The first 16 bytes, or what there is of them and zeros. The length is compared as a byte: at most 255.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> FirstBytes(byte* data, int length) => Avx512BW.VL.MaskLoad(
        data,
        Vector128.LessThan(Vector128.Create((byte)0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), Vector128.Create((byte)length)),
        Vector128<byte>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WipeShort(byte* keyStream)
    {
        for (int i = 0; i < ChaCha20Rows512.Size; i += Vector512<byte>.Count)
        {
            Vector512<byte>.Zero.Store(keyStream + i);
        }

        Volatile.WriteBarrier();
    }
}
