using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace WgNet.Protocol;

/// <summary>
/// ChaCha20 (RFC 8439, section 2.3) in AVX2, eight blocks at once: vector i holds word i of the eight blocks, so diagonals
/// need no shuffling, and one transposition in the end makes key stream of it.
/// </summary>
/// <remarks>
/// Sixteen words are as many as there are registers. Only two quarter rounds are therefore under way at a time, and the third
/// row stays in memory between them: twelve words, two of the third row, and two for what is being rotated.
/// <para/>
/// A quarter round is one long chain, and most of the integer units' time is left over: each double round has room for a block
/// of Poly1305 with 64-bit integers.
/// </remarks>
internal static unsafe class ChaCha20Avx2
{
    public const int Blocks = 8;
    public const int Size = Blocks * ChaCha20Scalar.BlockSize;

    /// <summary>Vectors of a state: sixteen to begin with, four in which the third row is worked on, four for the byte shuffles.</summary>
    public const int StateLength = 24;

    /// <summary>How many blocks of the MAC go beside one call: one a double round costs next to nothing, two cost more than in vectors.</summary>
    public const int MacBlocks = ChaCha20Scalar.DoubleRounds;

    private const int Block = 12;
    private const int NonceLow = 14;
    private const int NonceHigh = 15;
    private const int Work = 16;

    // The orders of bytes that rotate words by 16 and by 8 bits, for columns and once more for diagonals: the compiler would keep what it
    // has loaded for the former for the latter, have no register for it, and store it somewhere across two cache lines.
    private const int ForColumns = 20;
    private const int ForDiagonals = 22;
    private const int By16 = 0;
    private const int By8 = 1;

    /// <summary>Fills in constants and key: what eight blocks under one key have in common.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetKey(Vector256<uint>* state, byte* key)
    {
        state[0] = Vector256.Create(ChaCha20Scalar.Sigma0);
        state[1] = Vector256.Create(ChaCha20Scalar.Sigma1);
        state[2] = Vector256.Create(ChaCha20Scalar.Sigma2);
        state[3] = Vector256.Create(ChaCha20Scalar.Sigma3);
        uint* words = (uint*)key;
        for (int i = 0; i < 8; i++)
        {
            state[4 + i] = Vector256.Create(words[i]);
        }

        state[13] = Vector256<uint>.Zero;
        state[ForColumns + By16] = Vector256.Create(Vector128.Create((byte)2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)).AsUInt32();
        state[ForColumns + By8] = Vector256.Create(Vector128.Create((byte)3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14)).AsUInt32();
        state[ForDiagonals + By16] = state[ForColumns + By16];
        state[ForDiagonals + By8] = state[ForColumns + By8];
    }

    /// <summary>Eight blocks of one packet: those from 1 on, and last the block 0, whose beginning is the MAC's key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetFirstBlocks(Vector256<uint>* state, ulong counter) =>
        SetLanes(state, Vector256.Create(1u, 2, 3, 4, 5, 6, 7, 0), Vector256.Create((uint)counter), Vector256.Create((uint)(counter >> 32)));

    /// <summary>Eight blocks of the packet from <paramref name="block"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetBlocks(Vector256<uint>* state, uint block) =>
        state[Block] = Vector256.Create(0u, 1, 2, 3, 4, 5, 6, 7) + Vector256.Create(block);

    /// <summary>Eight blocks of any packets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SetLanes(Vector256<uint>* state, Vector256<uint> blocks, Vector256<uint> countersLow, Vector256<uint> countersHigh)
    {
        state[Block] = blocks;
        state[NonceLow] = countersLow;
        state[NonceHigh] = countersHigh;
    }

    /// <summary>
    /// Makes the key stream of the state's eight blocks: seven of them for <paramref name="output"/>, the eighth for
    /// <paramref name="eighth"/>, and meanwhile takes in up to <see cref="MacBlocks"/> blocks of a MAC.
    /// </summary>
    /// <param name="xor">Whether to XOR what lies there with the key stream; else it is overwritten.</param>
    /// <param name="mac">Not touched if there are no <paramref name="macBlocks"/>.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run(Vector256<uint>* state, byte* output, byte* eighth, bool xor, Poly1305Words* mac, byte* message, int macBlocks)
    {
        ulong h0 = mac->H0, h1 = mac->H1, h2 = mac->H2, r0 = mac->R0, r1 = mac->R1, s1 = mac->S1;
        Vector256<uint> a0 = state[0], a1 = state[1], a2 = state[2], a3 = state[3];
        Vector256<uint> b0 = state[4], b1 = state[5], b2 = state[6], b3 = state[7];
        Vector256<uint> d0 = state[12], d1 = state[13], d2 = state[14], d3 = state[15];
        Vector256<uint>* c = state + Work;
        c[0] = state[8];
        c[1] = state[9];
        c[2] = state[10];
        c[3] = state[11];
        for (int i = 0; i < ChaCha20Scalar.DoubleRounds; i++)
        {
            Vector256<uint> c0 = c[0], c1 = c[1];
            QuarterRounds(state + ForColumns, ref a0, ref b0, ref c0, ref d0, ref a1, ref b1, ref c1, ref d1);
            c[0] = c0;
            c[1] = c1;
            if (i < macBlocks)
            {
                Poly1305Words.Absorb(ref h0, ref h1, ref h2, r0, r1, s1, message);
                message += Poly1305Scalar.BlockSize;
            }

            Vector256<uint> c2 = c[2], c3 = c[3];
            QuarterRounds(state + ForColumns, ref a2, ref b2, ref c2, ref d2, ref a3, ref b3, ref c3, ref d3);

            QuarterRounds(state + ForDiagonals, ref a0, ref b1, ref c2, ref d3, ref a1, ref b2, ref c3, ref d0);
            c[2] = c2;
            c[3] = c3;

            c0 = c[0];
            c1 = c[1];
            QuarterRounds(state + ForDiagonals, ref a2, ref b3, ref c0, ref d1, ref a3, ref b0, ref c1, ref d2);
            c[0] = c0;
            c[1] = c1;
        }

        mac->H0 = h0;
        mac->H1 = h1;
        mac->H2 = h2;
        a0 += state[0];
        a1 += state[1];
        a2 += state[2];
        a3 += state[3];
        b0 += state[4];
        b1 += state[5];
        b2 += state[6];
        b3 += state[7];
        d0 += state[12];
        d1 += state[13];
        d2 += state[14];
        d3 += state[15];
        if (xor)
        {
            Put<Xor>(a0, a1, a2, a3, b0, b1, b2, b3, output, eighth);
            Put<Xor>(c[0] + state[8], c[1] + state[9], c[2] + state[10], c[3] + state[11], d0, d1, d2, d3, output + 32, eighth + 32);
        }
        else
        {
            Put<Copy>(a0, a1, a2, a3, b0, b1, b2, b3, output, eighth);
            Put<Copy>(c[0] + state[8], c[1] + state[9], c[2] + state[10], c[3] + state[11], d0, d1, d2, d3, output + 32, eighth + 32);
        }
    }

    // Two quarter rounds beside each other: columns or diagonals.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuarterRounds(
        Vector256<uint>* orders,
        ref Vector256<uint> a, ref Vector256<uint> b, ref Vector256<uint> c, ref Vector256<uint> d,
        ref Vector256<uint> e, ref Vector256<uint> f, ref Vector256<uint> g, ref Vector256<uint> h)
    {
        a += b;
        e += f;
        d ^= a;
        h ^= e;
        d = Shuffle(d, orders + By16);
        h = Shuffle(h, orders + By16);
        c += d;
        g += h;
        b ^= c;
        f ^= g;
        b = RotateLeft(b, 12);
        f = RotateLeft(f, 12);
        a += b;
        e += f;
        d ^= a;
        h ^= e;
        d = Shuffle(d, orders + By8);
        h = Shuffle(h, orders + By8);
        c += d;
        g += h;
        b ^= c;
        f ^= g;
        b = RotateLeft(b, 7);
        f = RotateLeft(f, 7);
    }

    // The order of bytes comes from memory each time: a register for it would cost a word its own.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Shuffle(Vector256<uint> value, Vector256<uint>* order) => Avx2.Shuffle(value.AsByte(), order->AsByte()).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> RotateLeft(Vector256<uint> value, int bits) => (value << bits) | (value >>> (32 - bits));

    // Eight words of each of the eight blocks, one word a vector, become half a block a vector.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TPut>(
        Vector256<uint> w0, Vector256<uint> w1, Vector256<uint> w2, Vector256<uint> w3,
        Vector256<uint> w4, Vector256<uint> w5, Vector256<uint> w6, Vector256<uint> w7, byte* output, byte* eighth)
        where TPut : IPut
    {
        Transpose(ref w0, ref w1, ref w2, ref w3);
        Transpose(ref w4, ref w5, ref w6, ref w7);
        TPut.Put(output, Avx2.Permute2x128(w0, w4, 0x20));
        TPut.Put(output + 64, Avx2.Permute2x128(w1, w5, 0x20));
        TPut.Put(output + 128, Avx2.Permute2x128(w2, w6, 0x20));
        TPut.Put(output + 192, Avx2.Permute2x128(w3, w7, 0x20));
        TPut.Put(output + 256, Avx2.Permute2x128(w0, w4, 0x31));
        TPut.Put(output + 320, Avx2.Permute2x128(w1, w5, 0x31));
        TPut.Put(output + 384, Avx2.Permute2x128(w2, w6, 0x31));
        TPut.Put(eighth, Avx2.Permute2x128(w3, w7, 0x31));
    }

    // In each half of the vectors: four words of one block in a vector instead of one word of four blocks.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ref Vector256<uint> a, ref Vector256<uint> b, ref Vector256<uint> c, ref Vector256<uint> d)
    {
        Vector256<ulong> lowAb = Avx2.UnpackLow(a, b).AsUInt64(), highAb = Avx2.UnpackHigh(a, b).AsUInt64();
        Vector256<ulong> lowCd = Avx2.UnpackLow(c, d).AsUInt64(), highCd = Avx2.UnpackHigh(c, d).AsUInt64();
        a = Avx2.UnpackLow(lowAb, lowCd).AsUInt32();
        b = Avx2.UnpackHigh(lowAb, lowCd).AsUInt32();
        c = Avx2.UnpackLow(highAb, highCd).AsUInt32();
        d = Avx2.UnpackHigh(highAb, highCd).AsUInt32();
    }

    // What becomes of the key stream, decided before the sixteen stores and not in each.
    private interface IPut
    {
        static abstract void Put(byte* output, Vector256<uint> keyStream);
    }

    private readonly struct Xor : IPut
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Put(byte* output, Vector256<uint> keyStream) => (keyStream ^ Vector256.Load((uint*)output)).Store((uint*)output);
    }

    private readonly struct Copy : IPut
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Put(byte* output, Vector256<uint> keyStream) => keyStream.Store((uint*)output);
    }
}
