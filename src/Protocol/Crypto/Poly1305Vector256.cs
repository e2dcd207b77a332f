using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace WgNet.Protocol;

/// <summary>
/// Poly1305 of one message, four blocks at once. The polynomial is dealt out to four lanes, block i to lane i mod 4, each of
/// which steps by r⁴; in the end the lanes are multiplied with r⁴, r³, r², r and added. Numbers are five limbs of 26 bits,
/// a vector a limb, so that the products of limbs and their sums fit 64 bits and carries can wait.
/// </summary>
internal static unsafe class Poly1305Vector256
{
    /// <summary>Shorter messages have no whole group between the first and the last.</summary>
    public const int MinLength = 113;

    private const int Group = 4 * Poly1305Scalar.BlockSize;

    private static Vector256<ulong> Mask
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create((1UL << 26) - 1);
    }

    // 2^128, which every block has above it.
    private static Vector256<ulong> HighBit
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(1UL << 24);
    }

    /// <summary>The tag of <paramref name="length"/> bytes, filled up to whole blocks, and of the AEAD's block of lengths.</summary>
    /// <param name="oneTimeKey">32 bytes.</param>
    /// <param name="length">At least <see cref="MinLength"/>.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tag(byte* oneTimeKey, byte* data, int length, byte* tag)
    {
        int blocks = ((length + Poly1305Scalar.BlockSize - 1) / Poly1305Scalar.BlockSize) + 1;
        int missing = -blocks & 3;      // blocks that the first group lacks: zero, and without the high bit

        // r, and from it in every lane r² and, in the lanes' order, r⁴ r² r³ r.
        ulong k0 = ((ulong*)oneTimeKey)[0] & Poly1305Scalar.ClampLow, k1 = ((ulong*)oneTimeKey)[1] & Poly1305Scalar.ClampHigh;
        Split(Vector256.Create(k0), Vector256.Create(k1), out var r0, out var r1, out var r2, out var r3, out var r4);
        Vector256<ulong> s1 = Times5(r1), s2 = Times5(r2), s3 = Times5(r3), s4 = Times5(r4);
        Multiply(r0, r1, r2, r3, r4, r0, r1, r2, r3, r4, s1, s2, s3, s4, out var q0, out var q1, out var q2, out var q3, out var q4);
        Vector256<ulong> secondHalf = Vector256.Create(0UL, 0, ulong.MaxValue, ulong.MaxValue);
        Vector256<ulong> p0 = Vector256.ConditionalSelect(secondHalf, r0, q0), p1 = Vector256.ConditionalSelect(secondHalf, r1, q1);
        Vector256<ulong> p2 = Vector256.ConditionalSelect(secondHalf, r2, q2), p3 = Vector256.ConditionalSelect(secondHalf, r3, q3);
        Vector256<ulong> p4 = Vector256.ConditionalSelect(secondHalf, r4, q4);
        s1 = Times5(q1);
        s2 = Times5(q2);
        s3 = Times5(q3);
        s4 = Times5(q4);
        Multiply(p0, p1, p2, p3, p4, q0, q1, q2, q3, q4, s1, s2, s3, s4, out var t0, out var t1, out var t2, out var t3, out var t4);
        // t is r⁴ r⁴ r³ r³ and p is r² r² r r.
        p0 = Avx2.UnpackLow(t0, p0);
        p1 = Avx2.UnpackLow(t1, p1);
        p2 = Avx2.UnpackLow(t2, p2);
        p3 = Avx2.UnpackLow(t3, p3);
        p4 = Avx2.UnpackLow(t4, p4);

        r0 = Avx2.Permute4x64(t0, 0);
        r1 = Avx2.Permute4x64(t1, 0);
        r2 = Avx2.Permute4x64(t2, 0);
        r3 = Avx2.Permute4x64(t3, 0);
        r4 = Avx2.Permute4x64(t4, 0);
        s1 = Times5(r1);
        s2 = Times5(r2);
        s3 = Times5(r3);
        s4 = Times5(r4);

        data -= missing * Poly1305Scalar.BlockSize;
        Words(MaskedVector512.Load(data, ~MaskedVector512.First(missing * Poly1305Scalar.BlockSize)), out var low, out var high);
        Split(low, high, out var h0, out var h1, out var h2, out var h3, out var h4);
        h4 |= Vector256.GreaterThanOrEqual(Vector256.Create(0L, 2, 1, 3), Vector256.Create((long)missing)).AsUInt64() & HighBit;
        data += Group;

        int groups = ((blocks + missing) / 4) - 2;      // without the first and the last
        if (groups >= 2)
        {
            // Two groups at a time: h·r⁸ + m·r⁴ + n has one carry, and half as long a chain.
            Multiply(r0, r1, r2, r3, r4, r0, r1, r2, r3, r4, s1, s2, s3, s4, out var u0, out var u1, out var u2, out var u3, out var u4);
            Vector256<ulong> v1 = Times5(u1), v2 = Times5(u2), v3 = Times5(u3), v4 = Times5(u4);
            for (; groups >= 2; groups -= 2, data += 2 * Group)
            {
                Words(Vector512.Load(data), out low, out high);
                Split(low, high, out var m0, out var m1, out var m2, out var m3, out var m4);
                m4 |= HighBit;
                Product(m0, m1, m2, m3, m4, r0, r1, r2, r3, r4, s1, s2, s3, s4, out var d0, out var d1, out var d2, out var d3, out var d4);
                AddProduct(h0, h1, h2, h3, h4, u0, u1, u2, u3, u4, v1, v2, v3, v4, ref d0, ref d1, ref d2, ref d3, ref d4);
                Carry(d0, d1, d2, d3, d4, out h0, out h1, out h2, out h3, out h4);
                Words(Vector512.Load(data + Group), out low, out high);
                AddGroup(low, high, ref h0, ref h1, ref h2, ref h3, ref h4);
            }
        }

        if (groups > 0)
        {
            Multiply(h0, h1, h2, h3, h4, r0, r1, r2, r3, r4, s1, s2, s3, s4, out h0, out h1, out h2, out h3, out h4);
            Words(Vector512.Load(data), out low, out high);
            AddGroup(low, high, ref h0, ref h1, ref h2, ref h3, ref h4);
            data += Group;
        }

        // The last group: three blocks of the message, whose end may be missing, and that of the lengths.
        Multiply(h0, h1, h2, h3, h4, r0, r1, r2, r3, r4, s1, s2, s3, s4, out h0, out h1, out h2, out h3, out h4);
        int last = length - ((blocks - 4) * Poly1305Scalar.BlockSize);
        Vector512<byte> lengths = Vector512.Create(0UL, 0, 0, 0, 0, 0, 0, (ulong)length).AsByte();
        Words(MaskedVector512.Load(data, MaskedVector512.First(last)) | lengths, out low, out high);
        AddGroup(low, high, ref h0, ref h1, ref h2, ref h3, ref h4);

        s1 = Times5(p1);
        s2 = Times5(p2);
        s3 = Times5(p3);
        s4 = Times5(p4);
        Multiply(h0, h1, h2, h3, h4, p0, p1, p2, p3, p4, s1, s2, s3, s4, out h0, out h1, out h2, out h3, out h4);
        Poly1305Scalar.ReduceLimbs(Vector256.Sum(h0), Vector256.Sum(h1), Vector256.Sum(h2), Vector256.Sum(h3), Vector256.Sum(h4), oneTimeKey, tag);
    }

    /// <summary>The low and the high words of four blocks; the lanes then hold blocks 0, 2, 1, 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Words(Vector512<byte> group, out Vector256<ulong> low, out Vector256<ulong> high)
    {
        Vector256<ulong> first = group.GetLower().AsUInt64(), second = group.GetUpper().AsUInt64();
        low = Avx2.UnpackLow(first, second);
        high = Avx2.UnpackHigh(first, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(Vector256<ulong> low, Vector256<ulong> high, out Vector256<ulong> m0, out Vector256<ulong> m1, out Vector256<ulong> m2, out Vector256<ulong> m3, out Vector256<ulong> m4)
    {
        m0 = low & Mask;
        m1 = (low >>> 26) & Mask;
        m2 = ((low >>> 52) | (high << 12)) & Mask;
        m3 = (high >>> 14) & Mask;
        m4 = high >>> 40;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddGroup(Vector256<ulong> low, Vector256<ulong> high, ref Vector256<ulong> h0, ref Vector256<ulong> h1, ref Vector256<ulong> h2, ref Vector256<ulong> h3, ref Vector256<ulong> h4)
    {
        Split(low, high, out var m0, out var m1, out var m2, out var m3, out var m4);
        h0 += m0;
        h1 += m1;
        h2 += m2;
        h3 += m3;
        h4 += m4 | HighBit;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Times5(Vector256<ulong> value) => value + (value << 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(
        Vector256<ulong> a0, Vector256<ulong> a1, Vector256<ulong> a2, Vector256<ulong> a3, Vector256<ulong> a4,
        Vector256<ulong> b0, Vector256<ulong> b1, Vector256<ulong> b2, Vector256<ulong> b3, Vector256<ulong> b4,
        Vector256<ulong> s1, Vector256<ulong> s2, Vector256<ulong> s3, Vector256<ulong> s4,
        out Vector256<ulong> h0, out Vector256<ulong> h1, out Vector256<ulong> h2, out Vector256<ulong> h3, out Vector256<ulong> h4)
    {
        Product(a0, a1, a2, a3, a4, b0, b1, b2, b3, b4, s1, s2, s3, s4, out var d0, out var d1, out var d2, out var d3, out var d4);
        Carry(d0, d1, d2, d3, d4, out h0, out h1, out h2, out h3, out h4);
    }

    /// <summary>
    /// d = a · b by limbs; what reaches 2^130 comes back times 5, which s is (s1 = 5·b1). The limbs of a are taken in the order in
    /// which <see cref="Carry"/> delivers them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Product(
        Vector256<ulong> a0, Vector256<ulong> a1, Vector256<ulong> a2, Vector256<ulong> a3, Vector256<ulong> a4,
        Vector256<ulong> b0, Vector256<ulong> b1, Vector256<ulong> b2, Vector256<ulong> b3, Vector256<ulong> b4,
        Vector256<ulong> s1, Vector256<ulong> s2, Vector256<ulong> s3, Vector256<ulong> s4,
        out Vector256<ulong> d0, out Vector256<ulong> d1, out Vector256<ulong> d2, out Vector256<ulong> d3, out Vector256<ulong> d4)
    {
        d0 = Multiply(a2, s3);
        d1 = Multiply(a2, s4);
        d2 = Multiply(a2, b0);
        d3 = Multiply(a2, b1);
        d4 = Multiply(a2, b2);
        AddRow(a0, b0, b1, b2, b3, b4, ref d0, ref d1, ref d2, ref d3, ref d4);
        AddRow(a3, s2, s3, s4, b0, b1, ref d0, ref d1, ref d2, ref d3, ref d4);
        AddRow(a4, s1, s2, s3, s4, b0, ref d0, ref d1, ref d2, ref d3, ref d4);
        AddRow(a1, s4, b0, b1, b2, b3, ref d0, ref d1, ref d2, ref d3, ref d4);
    }

    /// <summary>d += a · b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddProduct(
        Vector256<ulong> a0, Vector256<ulong> a1, Vector256<ulong> a2, Vector256<ulong> a3, Vector256<ulong> a4,
        Vector256<ulong> b0, Vector256<ulong> b1, Vector256<ulong> b2, Vector256<ulong> b3, Vector256<ulong> b4,
        Vector256<ulong> s1, Vector256<ulong> s2, Vector256<ulong> s3, Vector256<ulong> s4,
        ref Vector256<ulong> d0, ref Vector256<ulong> d1, ref Vector256<ulong> d2, ref Vector256<ulong> d3, ref Vector256<ulong> d4)
    {
        AddRow(a2, s3, s4, b0, b1, b2, ref d0, ref d1, ref d2, ref d3, ref d4);
        AddRow(a0, b0, b1, b2, b3, b4, ref d0, ref d1, ref d2, ref d3, ref d4);
        AddRow(a3, s2, s3, s4, b0, b1, ref d0, ref d1, ref d2, ref d3, ref d4);
        AddRow(a4, s1, s2, s3, s4, b0, ref d0, ref d1, ref d2, ref d3, ref d4);
        AddRow(a1, s4, b0, b1, b2, b3, ref d0, ref d1, ref d2, ref d3, ref d4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow(
        Vector256<ulong> a, Vector256<ulong> b0, Vector256<ulong> b1, Vector256<ulong> b2, Vector256<ulong> b3, Vector256<ulong> b4,
        ref Vector256<ulong> d0, ref Vector256<ulong> d1, ref Vector256<ulong> d2, ref Vector256<ulong> d3, ref Vector256<ulong> d4)
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
        Vector256<ulong> d0, Vector256<ulong> d1, Vector256<ulong> d2, Vector256<ulong> d3, Vector256<ulong> d4,
        out Vector256<ulong> h0, out Vector256<ulong> h1, out Vector256<ulong> h2, out Vector256<ulong> h3, out Vector256<ulong> h4)
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
    private static Vector256<ulong> Multiply(Vector256<ulong> a, Vector256<ulong> b) => Avx2.Multiply(a.AsUInt32(), b.AsUInt32());
}
