using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace WgNet.Protocol;

/// <summary>
/// ChaCha20, eight blocks of one packet in 256-bit vectors with AVX-512's rotates and its thirty-two registers: for the
/// lengths and ends of packets for which sixteen blocks are too many. Vector i holds word i of all blocks, as in <see cref="ChaCha20Vector512"/>.
/// </summary>
internal static unsafe class ChaCha20Vector256
{
    public const int Blocks = 8;
    public const int Size = Blocks * ChaCha20Scalar.BlockSize;

    /// <summary>Writes the <see cref="Size"/> bytes of key stream that begin at <paramref name="block"/>.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Generate(byte* key, uint block, ulong counter, byte* output)
    {
        uint* k = (uint*)key;
        Vector256<uint> number = Vector256.Create(block) + Vector256.Create(0u, 1, 2, 3, 4, 5, 6, 7);
        Vector256<uint> counterLow = Vector256.Create((uint)counter), counterHigh = Vector256.Create((uint)(counter >> 32));
        Vector256<uint> x0 = Vector256.Create(ChaCha20Scalar.Sigma0), x1 = Vector256.Create(ChaCha20Scalar.Sigma1);
        Vector256<uint> x2 = Vector256.Create(ChaCha20Scalar.Sigma2), x3 = Vector256.Create(ChaCha20Scalar.Sigma3);
        Vector256<uint> x4 = Vector256.Create(k[0]), x5 = Vector256.Create(k[1]), x6 = Vector256.Create(k[2]), x7 = Vector256.Create(k[3]);
        Vector256<uint> x8 = Vector256.Create(k[4]), x9 = Vector256.Create(k[5]), x10 = Vector256.Create(k[6]), x11 = Vector256.Create(k[7]);
        Vector256<uint> x12 = number, x13 = Vector256<uint>.Zero, x14 = counterLow, x15 = counterHigh;
        for (int i = ChaCha20Scalar.DoubleRounds; i != 0; i--)
        {
            QuarterRounds(ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7, ref x8, ref x9, ref x10, ref x11, ref x12, ref x13, ref x14, ref x15);
            QuarterRounds(ref x0, ref x1, ref x2, ref x3, ref x5, ref x6, ref x7, ref x4, ref x10, ref x11, ref x8, ref x9, ref x15, ref x12, ref x13, ref x14);
        }

        x0 += Vector256.Create(ChaCha20Scalar.Sigma0);
        x1 += Vector256.Create(ChaCha20Scalar.Sigma1);
        x2 += Vector256.Create(ChaCha20Scalar.Sigma2);
        x3 += Vector256.Create(ChaCha20Scalar.Sigma3);
        x4 += Vector256.Create(k[0]);
        x5 += Vector256.Create(k[1]);
        x6 += Vector256.Create(k[2]);
        x7 += Vector256.Create(k[3]);
        x8 += Vector256.Create(k[4]);
        x9 += Vector256.Create(k[5]);
        x10 += Vector256.Create(k[6]);
        x11 += Vector256.Create(k[7]);
        x12 += number;
        x14 += counterLow;
        x15 += counterHigh;

        // Within each half of the vectors: four words of a block side by side.
        Transpose(ref x0, ref x1, ref x2, ref x3);
        Transpose(ref x4, ref x5, ref x6, ref x7);
        Transpose(ref x8, ref x9, ref x10, ref x11);
        Transpose(ref x12, ref x13, ref x14, ref x15);
        // And the quarters of a block from four vectors: the first of each four holds blocks 0 and 4.
        Store(x0, x4, x8, x12, output);
        Store(x1, x5, x9, x13, output + ChaCha20Scalar.BlockSize);
        Store(x2, x6, x10, x14, output + (2 * ChaCha20Scalar.BlockSize));
        Store(x3, x7, x11, x15, output + (3 * ChaCha20Scalar.BlockSize));
    }

    // Four quarter rounds, step by step beside each other: a step waits for the one before, and there are vector units for four.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuarterRounds(
        ref Vector256<uint> a0, ref Vector256<uint> a1, ref Vector256<uint> a2, ref Vector256<uint> a3,
        ref Vector256<uint> b0, ref Vector256<uint> b1, ref Vector256<uint> b2, ref Vector256<uint> b3,
        ref Vector256<uint> c0, ref Vector256<uint> c1, ref Vector256<uint> c2, ref Vector256<uint> c3,
        ref Vector256<uint> d0, ref Vector256<uint> d1, ref Vector256<uint> d2, ref Vector256<uint> d3)
    {
        AddXorRotate(ref a0, ref a1, ref a2, ref a3, b0, b1, b2, b3, ref d0, ref d1, ref d2, ref d3, 16);
        AddXorRotate(ref c0, ref c1, ref c2, ref c3, d0, d1, d2, d3, ref b0, ref b1, ref b2, ref b3, 12);
        AddXorRotate(ref a0, ref a1, ref a2, ref a3, b0, b1, b2, b3, ref d0, ref d1, ref d2, ref d3, 8);
        AddXorRotate(ref c0, ref c1, ref c2, ref c3, d0, d1, d2, d3, ref b0, ref b1, ref b2, ref b3, 7);
    }

    // x += y; z = (z ^ x) <<< bits
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddXorRotate(
        ref Vector256<uint> x0, ref Vector256<uint> x1, ref Vector256<uint> x2, ref Vector256<uint> x3,
        Vector256<uint> y0, Vector256<uint> y1, Vector256<uint> y2, Vector256<uint> y3,
        ref Vector256<uint> z0, ref Vector256<uint> z1, ref Vector256<uint> z2, ref Vector256<uint> z3,
        [ConstantExpected] byte bits)
    {
        x0 += y0;
        x1 += y1;
        x2 += y2;
        x3 += y3;
        z0 ^= x0;
        z1 ^= x1;
        z2 ^= x2;
        z3 ^= x3;
        z0 = Avx512F.VL.RotateLeft(z0, bits);
        z1 = Avx512F.VL.RotateLeft(z1, bits);
        z2 = Avx512F.VL.RotateLeft(z2, bits);
        z3 = Avx512F.VL.RotateLeft(z3, bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ref Vector256<uint> a, ref Vector256<uint> b, ref Vector256<uint> c, ref Vector256<uint> d)
    {
        Vector256<ulong> abLow = Avx2.UnpackLow(a, b).AsUInt64(), abHigh = Avx2.UnpackHigh(a, b).AsUInt64();
        Vector256<ulong> cdLow = Avx2.UnpackLow(c, d).AsUInt64(), cdHigh = Avx2.UnpackHigh(c, d).AsUInt64();
        a = Avx2.UnpackLow(abLow, cdLow).AsUInt32();
        b = Avx2.UnpackHigh(abLow, cdLow).AsUInt32();
        c = Avx2.UnpackLow(abHigh, cdHigh).AsUInt32();
        d = Avx2.UnpackHigh(abHigh, cdHigh).AsUInt32();
    }

    // A block, and the one four further on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<uint> a, Vector256<uint> b, Vector256<uint> c, Vector256<uint> d, byte* output)
    {
        uint* words = (uint*)output;
        Avx2.Permute2x128(a, b, 0x20).Store(words);
        Avx2.Permute2x128(c, d, 0x20).Store(words + 8);
        Avx2.Permute2x128(a, b, 0x31).Store(words + 64);
        Avx2.Permute2x128(c, d, 0x31).Store(words + 72);
    }
}
