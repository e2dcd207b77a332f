using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace WgNet.Protocol;

/// <summary>Where a kernel's blocks of key stream go: a struct, so that the compiler makes a kernel for each kind.</summary>
internal interface IBlockSink512
{
    void Put(int lane, Vector512<uint> keyStream);
}

/// <summary>
/// ChaCha20 (RFC 8439, section 2.3), sixteen blocks at once in 512-bit vectors. Vector i holds word i of all blocks, a block
/// a lane, so that every step is the same for all and nothing moves between lanes until, in the end, words and lanes are
/// transposed. Blocks may be of different packets: each lane has its own nonce.
/// </summary>
/// <remarks>
/// This keeps the vector units busy and leaves the integer units idle: Poly1305 with 64-bit integers, of other data, can run
/// beside it.
/// </remarks>
internal static unsafe class ChaCha20Vector512
{
    public const int Blocks = 16;
    public const int Size = Blocks * ChaCha20Scalar.BlockSize;

    /// <summary>How many blocks of the MAC go beside sixteen of key stream: two a double round cost next to nothing, three cost more than in vectors.</summary>
    public const int MacBlocks = 2 * ChaCha20Scalar.DoubleRounds;

    /// <summary>The numbers of sixteen blocks in a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> From(uint block) =>
        Vector512.Create(block) + Vector512.Create(0u, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

    /// <summary>Sixteen blocks of one packet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Generate<TSink>(byte* key, uint block, ulong counter, TSink sink)
        where TSink : struct, IBlockSink512 =>
        Generate(key, From(block), Vector512.Create((uint)counter), Vector512.Create((uint)(counter >> 32)), sink);

    /// <param name="block">Each lane's block number.</param>
    /// <param name="counterLow">Each lane's packet counter, its low words.</param>
    /// <param name="counterHigh">Its high words.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Generate<TSink>(byte* key, Vector512<uint> block, Vector512<uint> counterLow, Vector512<uint> counterHigh, TSink sink)
        where TSink : struct, IBlockSink512 =>
        Generate<TSink, Alone>(key, block, counterLow, counterHigh, sink, null, null);

    /// <summary>Sixteen blocks of one packet, and meanwhile the MAC takes in <see cref="MacBlocks"/> of a message.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Generate<TSink>(byte* key, uint block, ulong counter, TSink sink, Poly1305Words* mac, byte* message)
        where TSink : struct, IBlockSink512 =>
        Generate(key, From(block), Vector512.Create((uint)counter), Vector512.Create((uint)(counter >> 32)), sink, mac, message);

    /// <summary>Sixteen blocks of any packets, and meanwhile the MAC takes in <see cref="MacBlocks"/> of a message.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Generate<TSink>(
        byte* key, Vector512<uint> block, Vector512<uint> counterLow, Vector512<uint> counterHigh, TSink sink, Poly1305Words* mac, byte* message)
        where TSink : struct, IBlockSink512 =>
        Generate<TSink, BesideMac>(key, block, counterLow, counterHigh, sink, mac, message);

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Generate<TSink, TCompany>(
        byte* key, Vector512<uint> block, Vector512<uint> counterLow, Vector512<uint> counterHigh, TSink sink, Poly1305Words* mac, byte* message)
        where TSink : struct, IBlockSink512
        where TCompany : ICompany
    {
        ulong h0 = 0, h1 = 0, h2 = 0, r0 = 0, r1 = 0, s1 = 0;
        if (TCompany.IsMac)
        {
            (h0, h1, h2, r0, r1, s1) = (mac->H0, mac->H1, mac->H2, mac->R0, mac->R1, mac->S1);
        }

        uint* k = (uint*)key;
        Vector512<uint> x0 = Vector512.Create(ChaCha20Scalar.Sigma0), x1 = Vector512.Create(ChaCha20Scalar.Sigma1);
        Vector512<uint> x2 = Vector512.Create(ChaCha20Scalar.Sigma2), x3 = Vector512.Create(ChaCha20Scalar.Sigma3);
        Vector512<uint> x4 = Vector512.Create(k[0]), x5 = Vector512.Create(k[1]), x6 = Vector512.Create(k[2]), x7 = Vector512.Create(k[3]);
        Vector512<uint> x8 = Vector512.Create(k[4]), x9 = Vector512.Create(k[5]), x10 = Vector512.Create(k[6]), x11 = Vector512.Create(k[7]);
        Vector512<uint> x12 = block, x13 = Vector512<uint>.Zero, x14 = counterLow, x15 = counterHigh;
        for (int i = ChaCha20Scalar.DoubleRounds; i != 0; i--)
        {
            QuarterRounds(ref x0, ref x1, ref x2, ref x3, ref x4, ref x5, ref x6, ref x7, ref x8, ref x9, ref x10, ref x11, ref x12, ref x13, ref x14, ref x15);
            if (TCompany.IsMac)
            {
                Poly1305Words.Absorb(ref h0, ref h1, ref h2, r0, r1, s1, message);
            }

            QuarterRounds(ref x0, ref x1, ref x2, ref x3, ref x5, ref x6, ref x7, ref x4, ref x10, ref x11, ref x8, ref x9, ref x15, ref x12, ref x13, ref x14);
            if (TCompany.IsMac)
            {
                Poly1305Words.Absorb(ref h0, ref h1, ref h2, r0, r1, s1, message + Poly1305Scalar.BlockSize);
                message += 2 * Poly1305Scalar.BlockSize;
            }
        }

        if (TCompany.IsMac)
        {
            (mac->H0, mac->H1, mac->H2) = (h0, h1, h2);
        }

        x0 += Vector512.Create(ChaCha20Scalar.Sigma0);
        x1 += Vector512.Create(ChaCha20Scalar.Sigma1);
        x2 += Vector512.Create(ChaCha20Scalar.Sigma2);
        x3 += Vector512.Create(ChaCha20Scalar.Sigma3);
        x4 += Vector512.Create(k[0]);
        x5 += Vector512.Create(k[1]);
        x6 += Vector512.Create(k[2]);
        x7 += Vector512.Create(k[3]);
        x8 += Vector512.Create(k[4]);
        x9 += Vector512.Create(k[5]);
        x10 += Vector512.Create(k[6]);
        x11 += Vector512.Create(k[7]);
        x12 += block;
        x14 += counterLow;
        x15 += counterHigh;

        // Within each quarter of the vectors: four words of a block side by side.
        Transpose(ref x0, ref x1, ref x2, ref x3);
        Transpose(ref x4, ref x5, ref x6, ref x7);
        Transpose(ref x8, ref x9, ref x10, ref x11);
        Transpose(ref x12, ref x13, ref x14, ref x15);
        // And the quarters of a block from four vectors: the first of each four holds blocks 0, 4, 8, 12.
        Put(x0, x4, x8, x12, 0, sink);
        Put(x1, x5, x9, x13, 1, sink);
        Put(x2, x6, x10, x14, 2, sink);
        Put(x3, x7, x11, x15, 3, sink);
    }

    // Four quarter rounds beside each other: a step of one waits for the step before, and there are vector units for four.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuarterRounds(
        ref Vector512<uint> a0, ref Vector512<uint> a1, ref Vector512<uint> a2, ref Vector512<uint> a3,
        ref Vector512<uint> b0, ref Vector512<uint> b1, ref Vector512<uint> b2, ref Vector512<uint> b3,
        ref Vector512<uint> c0, ref Vector512<uint> c1, ref Vector512<uint> c2, ref Vector512<uint> c3,
        ref Vector512<uint> d0, ref Vector512<uint> d1, ref Vector512<uint> d2, ref Vector512<uint> d3)
    {
        Steps(ref a0, ref a1, ref a2, ref a3, b0, b1, b2, b3, ref d0, ref d1, ref d2, ref d3, 16);
        Steps(ref c0, ref c1, ref c2, ref c3, d0, d1, d2, d3, ref b0, ref b1, ref b2, ref b3, 12);
        Steps(ref a0, ref a1, ref a2, ref a3, b0, b1, b2, b3, ref d0, ref d1, ref d2, ref d3, 8);
        Steps(ref c0, ref c1, ref c2, ref c3, d0, d1, d2, d3, ref b0, ref b1, ref b2, ref b3, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Steps(
        ref Vector512<uint> x0, ref Vector512<uint> x1, ref Vector512<uint> x2, ref Vector512<uint> x3,
        Vector512<uint> y0, Vector512<uint> y1, Vector512<uint> y2, Vector512<uint> y3,
        ref Vector512<uint> z0, ref Vector512<uint> z1, ref Vector512<uint> z2, ref Vector512<uint> z3,
        [ConstantExpected] byte bits)
    {
        Step(ref x0, y0, ref z0, bits);
        Step(ref x1, y1, ref z1, bits);
        Step(ref x2, y2, ref z2, bits);
        Step(ref x3, y3, ref z3, bits);
    }

    // x += y; z = (z ^ x) <<< bits
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(ref Vector512<uint> x, Vector512<uint> y, ref Vector512<uint> z, [ConstantExpected] byte bits)
    {
        x += y;
        z = Avx512F.RotateLeft(z ^ x, bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ref Vector512<uint> a, ref Vector512<uint> b, ref Vector512<uint> c, ref Vector512<uint> d)
    {
        Vector512<ulong> abLow = Avx512F.UnpackLow(a, b).AsUInt64(), abHigh = Avx512F.UnpackHigh(a, b).AsUInt64();
        Vector512<ulong> cdLow = Avx512F.UnpackLow(c, d).AsUInt64(), cdHigh = Avx512F.UnpackHigh(c, d).AsUInt64();
        a = Avx512F.UnpackLow(abLow, cdLow).AsUInt32();
        b = Avx512F.UnpackHigh(abLow, cdLow).AsUInt32();
        c = Avx512F.UnpackLow(abHigh, cdHigh).AsUInt32();
        d = Avx512F.UnpackHigh(abHigh, cdHigh).AsUInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TSink>(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, Vector512<uint> d, int lane, TSink sink)
        where TSink : struct, IBlockSink512
    {
        const byte Even = 0b10_00_10_00, Odd = 0b11_01_11_01;
        Vector512<uint> abEven = Avx512F.Shuffle4x128(a, b, Even), abOdd = Avx512F.Shuffle4x128(a, b, Odd);
        Vector512<uint> cdEven = Avx512F.Shuffle4x128(c, d, Even), cdOdd = Avx512F.Shuffle4x128(c, d, Odd);
        sink.Put(lane, Avx512F.Shuffle4x128(abEven, cdEven, Even));
        sink.Put(lane + 4, Avx512F.Shuffle4x128(abOdd, cdOdd, Even));
        sink.Put(lane + 8, Avx512F.Shuffle4x128(abEven, cdEven, Odd));
        sink.Put(lane + 12, Avx512F.Shuffle4x128(abOdd, cdOdd, Odd));
    }

    // Whether a MAC runs beside ChaCha20: a type, so that the compiler makes a loop for each case.
    private interface ICompany
    {
        static abstract bool IsMac { get; }
    }

    private readonly struct Alone : ICompany
    {
        public static bool IsMac => false;
    }

    private readonly struct BesideMac : ICompany
    {
        public static bool IsMac => true;
    }
}

/// <summary>Stores the key stream itself.</summary>
internal readonly unsafe struct KeyStreamSink512(byte* output) : IBlockSink512
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(int lane, Vector512<uint> keyStream) => keyStream.AsByte().Store(output + (ChaCha20Scalar.BlockSize * lane));
}

/// <summary>XORs it with 1024 bytes in a row.</summary>
internal readonly unsafe struct XorSink512(byte* data) : IBlockSink512
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(int lane, Vector512<uint> keyStream)
    {
        byte* block = data + (ChaCha20Scalar.BlockSize * lane);
        (Vector512.Load(block) ^ keyStream.AsByte()).Store(block);
    }
}

/// <summary>XORs each lane's block where that lane's packet has it.</summary>
internal readonly unsafe struct ScatteredXorSink512(byte** blocks) : IBlockSink512
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(int lane, Vector512<uint> keyStream)
    {
        byte* block = blocks[lane];
        (Vector512.Load(block) ^ keyStream.AsByte()).Store(block);
    }
}

/// <summary>The beginning of a packet: block 0 is the MAC's key, the fifteen others are XORed with its first 960 bytes.</summary>
internal readonly unsafe struct PacketSink512(byte* data, byte* oneTimeKey) : IBlockSink512
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(int lane, Vector512<uint> keyStream)
    {
        if (lane == 0)
        {
            keyStream.AsByte().Store(oneTimeKey);
            return;
        }

        byte* block = data + (ChaCha20Scalar.BlockSize * (lane - 1));
        (Vector512.Load(block) ^ keyStream.AsByte()).Store(block);
    }
}
