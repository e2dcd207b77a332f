using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// Poly1305 of eight messages of one length, a message a lane: nothing to fold in the end, and powers of r only so that four
/// blocks can share a carry. Numbers are five limbs of 26 bits, a vector a limb, so that the products of limbs and their sums fit
/// 64 bits and carries can wait.
/// </summary>
/// <remarks>
/// A factor lies in memory, as nine vectors: its limbs, and behind them five times its upper four, for what reaches 2^130 comes
/// back times 5. The compiler folds these loads into the multiplications; 36 vectors in variables it would move about.
/// </remarks>
internal static unsafe class Poly1305Lanes512
{
    public const int Lanes = 8;

    // Vectors of a factor.
    private const int Factor = 9;

    // r, r², r³, r⁴.
    private const int Powers = 4;

    // Four blocks of each message.
    private const int Chunk = 64;

    private static Vector512<ulong> Mask
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create((1UL << 26) - 1);
    }

    // 2^128, which every block has above it.
    private static Vector512<ulong> HighBit
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(1UL << 24);
    }

    /// <summary>The tags of eight messages, filled up to whole blocks, and of the AEAD's block of lengths.</summary>
    /// <param name="oneTimeKeys">Eight keys, 64 bytes apart.</param>
    /// <param name="data">Where the messages lie; lanes may share one.</param>
    /// <param name="length">Of each message.</param>
    /// <param name="begun">What taking in the messages' beginnings has given, by <see cref="Poly1305Words"/>: a vector a word.</param>
    /// <param name="authenticated">The length of these beginnings, whole blocks.</param>
    /// <param name="tags">Eight tags, 16 bytes apart.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tag(byte* oneTimeKeys, byte** data, int length, Vector512<ulong>* begun, int authenticated, byte* tags)
    {
        byte* scratch = stackalloc byte[(Powers * Factor * sizeof(Vector512<ulong>)) + sizeof(Vector512<ulong>)];
        var r = (Vector512<ulong>*)(((nuint)scratch + 63) & ~(nuint)63);
        LoadKeys(oneTimeKeys, out var k0, out var k1, out var pad0, out var pad1);
        Split(
            k0 & Vector512.Create(Poly1305Scalar.ClampLow), k1 & Vector512.Create(Poly1305Scalar.ClampHigh),
            out var h0, out var h1, out var h2, out var h3, out var h4);
        StoreFactor(r, h0, h1, h2, h3, h4);
        int offset = authenticated;
        int chunks = (length - offset) / Chunk;
        for (int power = 1; power < Powers && chunks > 0; power++)
        {
            Multiply(ref h0, ref h1, ref h2, ref h3, ref h4, r);
            StoreFactor(r + (Factor * power), h0, h1, h2, h3, h4);
        }

        Split(begun[0], begun[1], out h0, out h1, out h2, out h3, out h4);
        h4 += begun[2] << 24;

        byte* m0 = data[0], m1 = data[1], m2 = data[2], m3 = data[3], m4 = data[4], m5 = data[5], m6 = data[6], m7 = data[7];
        for (; chunks > 0; chunks--, offset += Chunk)
        {
            Vector512<ulong> w0 = Vector512.Load((ulong*)(m0 + offset)), w1 = Vector512.Load((ulong*)(m1 + offset));
            Vector512<ulong> w2 = Vector512.Load((ulong*)(m2 + offset)), w3 = Vector512.Load((ulong*)(m3 + offset));
            Vector512<ulong> w4 = Vector512.Load((ulong*)(m4 + offset)), w5 = Vector512.Load((ulong*)(m5 + offset));
            Vector512<ulong> w6 = Vector512.Load((ulong*)(m6 + offset)), w7 = Vector512.Load((ulong*)(m7 + offset));
            Transpose(ref w0, ref w1, ref w2, ref w3, ref w4, ref w5, ref w6, ref w7);

            // (h + first block)·r⁴ + second·r³ + third·r² + fourth·r: what does not wait for h comes first.
            SplitBlock(w6, w7, out var n0, out var n1, out var n2, out var n3, out var n4);
            Product(n0, n1, n2, n3, n4, r, out var d0, out var d1, out var d2, out var d3, out var d4);
            SplitBlock(w4, w5, out n0, out n1, out n2, out n3, out n4);
            AddProduct(n0, n1, n2, n3, n4, r + Factor, ref d0, ref d1, ref d2, ref d3, ref d4);
            SplitBlock(w2, w3, out n0, out n1, out n2, out n3, out n4);
            AddProduct(n0, n1, n2, n3, n4, r + (2 * Factor), ref d0, ref d1, ref d2, ref d3, ref d4);
            SplitBlock(w0, w1, out n0, out n1, out n2, out n3, out n4);
            AddProduct(h0 + n0, h1 + n1, h2 + n2, h3 + n3, h4 + n4, r + (3 * Factor), ref d0, ref d1, ref d2, ref d3, ref d4);
            Carry(d0, d1, d2, d3, d4, out h0, out h1, out h2, out h3, out h4);
        }

        // The rest of less than a chunk, zeros behind it, and the block of lengths.
        int blocks = (length - offset + Poly1305Scalar.BlockSize - 1) / Poly1305Scalar.BlockSize;
        Vector512<ulong>* rest = stackalloc Vector512<ulong>[Lanes + 2];
        if (blocks > 0)
        {
            LoadRest(data, offset, length - offset, rest);
        }

        rest[2 * blocks] = Vector512<ulong>.Zero;
        rest[(2 * blocks) + 1] = Vector512.Create((ulong)length);
        for (int i = 0; i <= blocks; i++)
        {
            SplitBlock(rest[2 * i], rest[(2 * i) + 1], out var n0, out var n1, out var n2, out var n3, out var n4);
            h0 += n0;
            h1 += n1;
            h2 += n2;
            h3 += n3;
            h4 += n4;
            Multiply(ref h0, ref h1, ref h2, ref h3, ref h4, r);
        }

        Reduce(h0, h1, h2, h3, h4, out var low, out var high);
        low += pad0;
        high += pad1 - Vector512.LessThan(low, pad0);
        StoreTags(low, high, tags);
        CryptographicOperations.ZeroMemory(new Span<byte>(r, Powers * Factor * sizeof(Vector512<ulong>)));
    }

    /// <summary>The eight keys' four words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadKeys(byte* keys, out Vector512<ulong> k0, out Vector512<ulong> k1, out Vector512<ulong> k2, out Vector512<ulong> k3)
    {
        Vector512<ulong> w0 = Vector512.Load((ulong*)keys), w1 = Vector512.Load((ulong*)(keys + Chunk));
        Vector512<ulong> w2 = Vector512.Load((ulong*)(keys + (2 * Chunk))), w3 = Vector512.Load((ulong*)(keys + (3 * Chunk)));
        Vector512<ulong> w4 = Vector512.Load((ulong*)(keys + (4 * Chunk))), w5 = Vector512.Load((ulong*)(keys + (5 * Chunk)));
        Vector512<ulong> w6 = Vector512.Load((ulong*)(keys + (6 * Chunk))), w7 = Vector512.Load((ulong*)(keys + (7 * Chunk)));
        Transpose(ref w0, ref w1, ref w2, ref w3, ref w4, ref w5, ref w6, ref w7);
        (k0, k1, k2, k3) = (w0, w1, w2, w3);
    }

    /// <summary>Less than a chunk of each message, zeros behind it, transposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadRest(byte** data, int offset, int length, Vector512<ulong>* words)
    {
        Vector512<byte> mask = MaskedVector512.First(length);
        for (int i = 0; i < Lanes; i++)
        {
            words[i] = MaskedVector512.Load(data[i] + offset, mask).AsUInt64();
        }

        Transpose(ref words[0], ref words[1], ref words[2], ref words[3], ref words[4], ref words[5], ref words[6], ref words[7]);
    }

    /// <summary>Word j of message i to lane i of vector j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(
        ref Vector512<ulong> w0, ref Vector512<ulong> w1, ref Vector512<ulong> w2, ref Vector512<ulong> w3,
        ref Vector512<ulong> w4, ref Vector512<ulong> w5, ref Vector512<ulong> w6, ref Vector512<ulong> w7)
    {
        const byte Even = 0b10_00_10_00, Odd = 0b11_01_11_01;
        Vector512<ulong> low01 = Avx512F.UnpackLow(w0, w1), low23 = Avx512F.UnpackLow(w2, w3);
        Vector512<ulong> low45 = Avx512F.UnpackLow(w4, w5), low67 = Avx512F.UnpackLow(w6, w7);
        Vector512<ulong> high01 = Avx512F.UnpackHigh(w0, w1), high23 = Avx512F.UnpackHigh(w2, w3);
        Vector512<ulong> high45 = Avx512F.UnpackHigh(w4, w5), high67 = Avx512F.UnpackHigh(w6, w7);

        Vector512<ulong> a = Avx512F.Shuffle4x128(low01, low23, Even), b = Avx512F.Shuffle4x128(low45, low67, Even);
        w0 = Avx512F.Shuffle4x128(a, b, Even);
        w4 = Avx512F.Shuffle4x128(a, b, Odd);
        a = Avx512F.Shuffle4x128(low01, low23, Odd);
        b = Avx512F.Shuffle4x128(low45, low67, Odd);
        w2 = Avx512F.Shuffle4x128(a, b, Even);
        w6 = Avx512F.Shuffle4x128(a, b, Odd);
        a = Avx512F.Shuffle4x128(high01, high23, Even);
        b = Avx512F.Shuffle4x128(high45, high67, Even);
        w1 = Avx512F.Shuffle4x128(a, b, Even);
        w5 = Avx512F.Shuffle4x128(a, b, Odd);
        a = Avx512F.Shuffle4x128(high01, high23, Odd);
        b = Avx512F.Shuffle4x128(high45, high67, Odd);
        w3 = Avx512F.Shuffle4x128(a, b, Even);
        w7 = Avx512F.Shuffle4x128(a, b, Odd);
    }

    /// <summary>h mod 2^130 − 5, of which the low 128 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Reduce(
        Vector512<ulong> h0, Vector512<ulong> h1, Vector512<ulong> h2, Vector512<ulong> h3, Vector512<ulong> h4,
        out Vector512<ulong> low, out Vector512<ulong> high)
    {
        // Once around leaves at most h0 above 26 bits, and that by little. If its carry ran through all limbs then, they are zero and h0 is small.
        for (int i = 0; i < 2; i++)
        {
            h1 += h0 >>> 26;
            h0 &= Mask;
            h2 += h1 >>> 26;
            h1 &= Mask;
            h3 += h2 >>> 26;
            h2 &= Mask;
            h4 += h3 >>> 26;
            h3 &= Mask;
            h0 += Times5(h4 >>> 26);
            h4 &= Mask;
        }

        // g = h − p = h + 5 − 2^130, taken where it did not borrow, which the top bit tells.
        Vector512<ulong> g0 = h0 + Vector512.Create(5UL);
        Vector512<ulong> g1 = h1 + (g0 >>> 26);
        Vector512<ulong> g2 = h2 + (g1 >>> 26);
        Vector512<ulong> g3 = h3 + (g2 >>> 26);
        Vector512<ulong> g4 = h4 + (g3 >>> 26) - Vector512.Create(1UL << 26);
        Vector512<ulong> borrowed = Vector512<ulong>.Zero - (g4 >>> 63);
        h0 = Vector512.ConditionalSelect(borrowed, h0, g0 & Mask);
        h1 = Vector512.ConditionalSelect(borrowed, h1, g1 & Mask);
        h2 = Vector512.ConditionalSelect(borrowed, h2, g2 & Mask);
        h3 = Vector512.ConditionalSelect(borrowed, h3, g3 & Mask);
        h4 = Vector512.ConditionalSelect(borrowed, h4, g4);
        low = h0 + (h1 << 26) + (h2 << 52);
        high = (h2 >>> 12) + (h3 << 14) + (h4 << 40);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTags(Vector512<ulong> low, Vector512<ulong> high, byte* tags)
    {
        Vector512<ulong> even = Avx512F.UnpackLow(low, high), odd = Avx512F.UnpackHigh(low, high);
        ulong* words = (ulong*)tags;
        Avx512F.ExtractVector128(even, 0).Store(words);
        Avx512F.ExtractVector128(odd, 0).Store(words + 2);
        Avx512F.ExtractVector128(even, 1).Store(words + 4);
        Avx512F.ExtractVector128(odd, 1).Store(words + 6);
        Avx512F.ExtractVector128(even, 2).Store(words + 8);
        Avx512F.ExtractVector128(odd, 2).Store(words + 10);
        Avx512F.ExtractVector128(even, 3).Store(words + 12);
        Avx512F.ExtractVector128(odd, 3).Store(words + 14);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(Vector512<ulong> low, Vector512<ulong> high, out Vector512<ulong> m0, out Vector512<ulong> m1, out Vector512<ulong> m2, out Vector512<ulong> m3, out Vector512<ulong> m4)
    {
        m0 = low & Mask;
        m1 = (low >>> 26) & Mask;
        m2 = ((low >>> 52) | (high << 12)) & Mask;
        m3 = (high >>> 14) & Mask;
        m4 = high >>> 40;
    }

    /// <summary>A block, with 2^128 above it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SplitBlock(Vector512<ulong> low, Vector512<ulong> high, out Vector512<ulong> m0, out Vector512<ulong> m1, out Vector512<ulong> m2, out Vector512<ulong> m3, out Vector512<ulong> m4)
    {
        Split(low, high, out m0, out m1, out m2, out m3, out m4);
        m4 |= HighBit;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Times5(Vector512<ulong> value) => value + (value << 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFactor(Vector512<ulong>* factor, Vector512<ulong> b0, Vector512<ulong> b1, Vector512<ulong> b2, Vector512<ulong> b3, Vector512<ulong> b4)
    {
        factor[0] = b0;
        factor[1] = b1;
        factor[2] = b2;
        factor[3] = b3;
        factor[4] = b4;
        factor[5] = Times5(b1);
        factor[6] = Times5(b2);
        factor[7] = Times5(b3);
        factor[8] = Times5(b4);
    }

    /// <summary>a = a · b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(
        ref Vector512<ulong> a0, ref Vector512<ulong> a1, ref Vector512<ulong> a2, ref Vector512<ulong> a3, ref Vector512<ulong> a4, Vector512<ulong>* b)
    {
        Product(a0, a1, a2, a3, a4, b, out var d0, out var d1, out var d2, out var d3, out var d4);
        Carry(d0, d1, d2, d3, d4, out a0, out a1, out a2, out a3, out a4);
    }

    /// <summary>d = a · b by limbs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Product(
        Vector512<ulong> a0, Vector512<ulong> a1, Vector512<ulong> a2, Vector512<ulong> a3, Vector512<ulong> a4, Vector512<ulong>* b,
        out Vector512<ulong> d0, out Vector512<ulong> d1, out Vector512<ulong> d2, out Vector512<ulong> d3, out Vector512<ulong> d4)
    {
        d0 = d1 = d2 = d3 = d4 = Vector512<ulong>.Zero;
        AddProduct(a0, a1, a2, a3, a4, b, ref d0, ref d1, ref d2, ref d3, ref d4);
    }

    /// <summary>d += a · b. The limbs of a are taken in the order in which <see cref="Carry"/> delivers them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddProduct(
        Vector512<ulong> a0, Vector512<ulong> a1, Vector512<ulong> a2, Vector512<ulong> a3, Vector512<ulong> a4, Vector512<ulong>* b,
        ref Vector512<ulong> d0, ref Vector512<ulong> d1, ref Vector512<ulong> d2, ref Vector512<ulong> d3, ref Vector512<ulong> d4)
    {
        AddRow(a2, b[7], b[8], b[0], b[1], b[2], ref d0, ref d1, ref d2, ref d3, ref d4);
        AddRow(a0, b[0], b[1], b[2], b[3], b[4], ref d0, ref d1, ref d2, ref d3, ref d4);
        AddRow(a3, b[6], b[7], b[8], b[0], b[1], ref d0, ref d1, ref d2, ref d3, ref d4);
        AddRow(a4, b[5], b[6], b[7], b[8], b[0], ref d0, ref d1, ref d2, ref d3, ref d4);
        AddRow(a1, b[8], b[0], b[1], b[2], b[3], ref d0, ref d1, ref d2, ref d3, ref d4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow(
        Vector512<ulong> a, Vector512<ulong> b0, Vector512<ulong> b1, Vector512<ulong> b2, Vector512<ulong> b3, Vector512<ulong> b4,
        ref Vector512<ulong> d0, ref Vector512<ulong> d1, ref Vector512<ulong> d2, ref Vector512<ulong> d3, ref Vector512<ulong> d4)
    {
        d0 += Multiply(a, b0);
        d1 += Multiply(a, b1);
        d2 += Multiply(a, b2);
        d3 += Multiply(a, b3);
        d4 += Multiply(a, b4);
    }

    /// <summary>Sums of products back to limbs of 26 bits and a little, along two chains at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Carry(
        Vector512<ulong> d0, Vector512<ulong> d1, Vector512<ulong> d2, Vector512<ulong> d3, Vector512<ulong> d4,
        out Vector512<ulong> h0, out Vector512<ulong> h1, out Vector512<ulong> h2, out Vector512<ulong> h3, out Vector512<ulong> h4)
    {
        d1 += d0 >>> 26;
        d4 += d3 >>> 26;
        d0 &= Mask;
        d3 &= Mask;
        d2 += d1 >>> 26;
        d0 += Times5(d4 >>> 26);
        h1 = d1 & Mask;
        h4 = d4 & Mask;
        d3 += d2 >>> 26;
        h2 = d2 & Mask;
        h1 += d0 >>> 26;
        h0 = d0 & Mask;
        h4 += d3 >>> 26;
        h3 = d3 & Mask;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Multiply(Vector512<ulong> a, Vector512<ulong> b) => Avx512F.Multiply(a.AsUInt32(), b.AsUInt32());
}
