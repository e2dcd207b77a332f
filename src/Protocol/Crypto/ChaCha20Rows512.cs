using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace WgNet.Protocol;

/// <summary>
/// ChaCha20, four blocks of one packet, for short ones. A 512-bit vector is a row of the 4×4 states of all four, and three
/// rows are turned so that diagonals become columns and back: one chain of operations, slower a block than
/// <see cref="ChaCha20Vector512"/> and done sooner.
/// </summary>
internal static unsafe class ChaCha20Rows512
{
    public const int Blocks = 4;
    public const int Size = Blocks * ChaCha20Scalar.BlockSize;

    /// <summary>Writes the <see cref="Size"/> bytes of key stream that begin at <paramref name="block"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Generate(byte* key, uint block, ulong counter, byte* output)
    {
        Vector512<uint> constants = Repeat(
            Vector128.Create(ChaCha20Scalar.Sigma0, ChaCha20Scalar.Sigma1, ChaCha20Scalar.Sigma2, ChaCha20Scalar.Sigma3));
        Vector512<uint> low = Avx512F.BroadcastVector128ToVector512((uint*)key);
        Vector512<uint> high = Avx512F.BroadcastVector128ToVector512((uint*)key + 4);
        Vector512<uint> nonce = Repeat(Vector128.Create(block, 0, (uint)counter, (uint)(counter >> 32)))
            + Vector512.Create(0u, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0);

        Vector512<uint> a = constants, b = low, c = high, d = nonce;
        for (int i = ChaCha20Scalar.DoubleRounds; i != 0; i--)
        {
            QuarterRounds(ref a, ref b, ref c, ref d);
            b = Avx512F.Shuffle(b, 0b00_11_10_01);
            c = Avx512F.Shuffle(c, 0b01_00_11_10);
            d = Avx512F.Shuffle(d, 0b10_01_00_11);
            QuarterRounds(ref a, ref b, ref c, ref d);
            b = Avx512F.Shuffle(b, 0b10_01_00_11);
            c = Avx512F.Shuffle(c, 0b01_00_11_10);
            d = Avx512F.Shuffle(d, 0b00_11_10_01);
        }

        a += constants;
        b += low;
        c += high;
        d += nonce;

        // The rows of a block lie in the same quarter of four vectors.
        Vector512<uint> abLow = Avx512F.Shuffle4x128(a, b, 0b01_00_01_00), abHigh = Avx512F.Shuffle4x128(a, b, 0b11_10_11_10);
        Vector512<uint> cdLow = Avx512F.Shuffle4x128(c, d, 0b01_00_01_00), cdHigh = Avx512F.Shuffle4x128(c, d, 0b11_10_11_10);
        uint* words = (uint*)output;
        Avx512F.Shuffle4x128(abLow, cdLow, 0b10_00_10_00).Store(words);
        Avx512F.Shuffle4x128(abLow, cdLow, 0b11_01_11_01).Store(words + 16);
        Avx512F.Shuffle4x128(abHigh, cdHigh, 0b10_00_10_00).Store(words + 32);
        Avx512F.Shuffle4x128(abHigh, cdHigh, 0b11_01_11_01).Store(words + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Repeat(Vector128<uint> row) => Vector512.Create(Vector256.Create(row, row), Vector256.Create(row, row));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuarterRounds(ref Vector512<uint> a, ref Vector512<uint> b, ref Vector512<uint> c, ref Vector512<uint> d)
    {
        a += b;
        d = Avx512F.RotateLeft(d ^ a, 16);
        c += d;
        b = Avx512F.RotateLeft(b ^ c, 12);
        a += b;
        d = Avx512F.RotateLeft(d ^ a, 8);
        c += d;
        b = Avx512F.RotateLeft(b ^ c, 7);
    }
}
