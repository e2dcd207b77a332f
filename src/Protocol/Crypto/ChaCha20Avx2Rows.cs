using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace WgNet.Protocol;

/// <summary>
/// The first four blocks of ChaCha20 in AVX2, for short packets: a vector is a row of the 4×4 state of two blocks, beside each
/// other. Rotating three of the rows turns diagonals into columns and back. Two pairs of blocks are as fast as one, since a pair is one chain.
/// </summary>
internal static unsafe class ChaCha20Avx2Rows
{
    public const int Size = 4 * ChaCha20Scalar.BlockSize;

    /// <summary>Writes blocks 0 to 3, <see cref="Size"/> bytes.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Generate(byte* key, ulong counter, byte* output)
    {
        Vector256<uint> constants = Vector256.Create(
            Vector128.Create(ChaCha20Scalar.Sigma0, ChaCha20Scalar.Sigma1, ChaCha20Scalar.Sigma2, ChaCha20Scalar.Sigma3));
        Vector256<uint> low = Vector256.Create(Vector128.Load((uint*)key));
        Vector256<uint> high = Vector256.Create(Vector128.Load((uint*)key + 4));
        Vector256<uint> nonce = Vector256.Create(Vector128.Create(0, counter)).AsUInt32();
        Vector256<uint> first = nonce + Vector256.Create(0u, 0, 0, 0, 1, 0, 0, 0);
        Vector256<uint> second = nonce + Vector256.Create(2u, 0, 0, 0, 3, 0, 0, 0);

        Vector256<uint> a0 = constants, b0 = low, c0 = high, d0 = first;
        Vector256<uint> a1 = constants, b1 = low, c1 = high, d1 = second;
        for (int i = 0; i < ChaCha20Scalar.DoubleRounds; i++)
        {
            QuarterRounds(ref a0, ref b0, ref c0, ref d0);
            QuarterRounds(ref a1, ref b1, ref c1, ref d1);
            Rotate(ref b0, ref c0, ref d0, columns: false);
            Rotate(ref b1, ref c1, ref d1, columns: false);
            QuarterRounds(ref a0, ref b0, ref c0, ref d0);
            QuarterRounds(ref a1, ref b1, ref c1, ref d1);
            Rotate(ref b0, ref c0, ref d0, columns: true);
            Rotate(ref b1, ref c1, ref d1, columns: true);
        }

        Store((uint*)output, a0 + constants, b0 + low, c0 + high, d0 + first);
        Store((uint*)output + 32, a1 + constants, b1 + low, c1 + high, d1 + second);
    }

    // From columns to diagonals, or back.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rotate(ref Vector256<uint> b, ref Vector256<uint> c, ref Vector256<uint> d, bool columns)
    {
        b = columns ? Avx2.Shuffle(b, 0b10_01_00_11) : Avx2.Shuffle(b, 0b00_11_10_01);
        c = Avx2.Shuffle(c, 0b01_00_11_10);
        d = columns ? Avx2.Shuffle(d, 0b00_11_10_01) : Avx2.Shuffle(d, 0b10_01_00_11);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuarterRounds(ref Vector256<uint> a, ref Vector256<uint> b, ref Vector256<uint> c, ref Vector256<uint> d)
    {
        Vector256<byte> by16 = Vector256.Create(Vector128.Create((byte)2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
        Vector256<byte> by8 = Vector256.Create(Vector128.Create((byte)3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14));
        a += b;
        d ^= a;
        d = Avx2.Shuffle(d.AsByte(), by16).AsUInt32();
        c += d;
        b ^= c;
        b = (b << 12) | (b >>> 20);
        a += b;
        d ^= a;
        d = Avx2.Shuffle(d.AsByte(), by8).AsUInt32();
        c += d;
        b ^= c;
        b = (b << 7) | (b >>> 25);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(uint* output, Vector256<uint> a, Vector256<uint> b, Vector256<uint> c, Vector256<uint> d)
    {
        Avx2.Permute2x128(a, b, 0x20).Store(output);
        Avx2.Permute2x128(c, d, 0x20).Store(output + 8);
        Avx2.Permute2x128(a, b, 0x31).Store(output + 16);
        Avx2.Permute2x128(c, d, 0x31).Store(output + 24);
    }
}
