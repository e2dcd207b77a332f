using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace WgNet.Protocol;

/// <summary>
/// ChaCha20 (RFC 8439, section 2.3) in 128-bit vectors of any processor, three blocks at once. A vector is a row of the
/// 4×4 state, so one vector operation does a step of all four columns; rotating three of the rows turns the diagonals
/// into columns and back. Three blocks are three independent chains of operations, which keep a processor's units
/// busy, and twelve registers: x86-64 has four more, which the steps between need.
/// </summary>
internal static unsafe class ChaCha20Vector128
{
    public const int Blocks = 3;
    public const int Size = Blocks * ChaCha20Scalar.BlockSize;

    /// <summary>Writes the <see cref="Size"/> bytes of key stream that begin at <paramref name="block"/>.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Generate(byte* key, uint block, ulong counter, byte* output)
    {
        Vector128<uint> constants = Vector128.Create(ChaCha20Scalar.Sigma0, ChaCha20Scalar.Sigma1, ChaCha20Scalar.Sigma2, ChaCha20Scalar.Sigma3);
        Vector128<uint> low = Vector128.Load((uint*)key);
        Vector128<uint> high = Vector128.Load((uint*)key + 4);
        Vector128<uint> nonce = Vector128.Create(block, 0, (uint)counter, (uint)(counter >> 32));
        Vector128<uint> one = Vector128.CreateScalar(1u);

        Vector128<uint> a0 = constants, b0 = low, c0 = high, d0 = nonce;
        Vector128<uint> a1 = constants, b1 = low, c1 = high, d1 = d0 + one;
        Vector128<uint> a2 = constants, b2 = low, c2 = high, d2 = d1 + one;
        for (int i = 0; i < ChaCha20Scalar.DoubleRounds; i++)
        {
            DoubleRound(ref a0, ref b0, ref c0, ref d0);
            DoubleRound(ref a1, ref b1, ref c1, ref d1);
            DoubleRound(ref a2, ref b2, ref c2, ref d2);
        }

        uint* words = (uint*)output;
        Store(words, a0 + constants, b0 + low, c0 + high, d0 + nonce);
        Store(words + 16, a1 + constants, b1 + low, c1 + high, d1 + nonce + one);
        Store(words + 32, a2 + constants, b2 + low, c2 + high, d2 + nonce + one + one);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void DoubleRound(ref Vector128<uint> a, ref Vector128<uint> b, ref Vector128<uint> c, ref Vector128<uint> d)
    {
        QuarterRounds(ref a, ref b, ref c, ref d);
        b = Vector128.Shuffle(b, Vector128.Create(1u, 2, 3, 0));
        c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
        d = Vector128.Shuffle(d, Vector128.Create(3u, 0, 1, 2));
        QuarterRounds(ref a, ref b, ref c, ref d);
        b = Vector128.Shuffle(b, Vector128.Create(3u, 0, 1, 2));
        c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
        d = Vector128.Shuffle(d, Vector128.Create(1u, 2, 3, 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuarterRounds(ref Vector128<uint> a, ref Vector128<uint> b, ref Vector128<uint> c, ref Vector128<uint> d)
    {
        a += b;
        d ^= a;
        d = RotateLeft16(d);
        c += d;
        b ^= c;
        b = RotateLeft(b, 12);
        a += b;
        d ^= a;
        d = RotateLeft8(d);
        c += d;
        b ^= c;
        b = RotateLeft(b, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> RotateLeft(Vector128<uint> value, int bits) => (value << bits) | (value >>> (32 - bits));

    // By whole bytes a rotation is one shuffle.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> RotateLeft16(Vector128<uint> value) =>
        Vector128.Shuffle(value.AsByte(), Vector128.Create((byte)2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> RotateLeft8(Vector128<uint> value) =>
        Vector128.Shuffle(value.AsByte(), Vector128.Create((byte)3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14)).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(uint* output, Vector128<uint> a, Vector128<uint> b, Vector128<uint> c, Vector128<uint> d)
    {
        a.Store(output);
        b.Store(output + 4);
        c.Store(output + 8);
        d.Store(output + 12);
    }
}
