using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Limb = System.Runtime.Intrinsics.Vector256<ulong>;

namespace WgNet.Protocol;

/// <summary>
/// Four numbers modulo 2^130 − 5, one a lane, in five limbs of 26 bits and a little more, so that AVX2's 32-bit
/// multiplications have 64-bit results with room for sums: the arithmetic of <see cref="Poly1305Avx2"/> and <see cref="Poly1305Avx2Lanes"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Poly1305Limbs
{
    public Limb L0;
    public Limb L1;
    public Limb L2;
    public Limb L3;
    public Limb L4;

    private static Limb Mask
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create((1UL << 26) - 1);
    }

    /// <summary>Sixteen bytes a lane, given as two words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Poly1305Limbs(Limb low, Limb high)
    {
        L0 = low & Mask;
        L1 = (low >>> 26) & Mask;
        L2 = ((low >>> 52) | (high << 12)) & Mask;
        L3 = (high >>> 14) & Mask;
        L4 = high >>> 40;
    }

    /// <summary>A block in each lane with the bit that marks its end, into variables instead: sums are made in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Split(Limb low, Limb high, out Limb l0, out Limb l1, out Limb l2, out Limb l3, out Limb l4)
    {
        l0 = low & Mask;
        l1 = (low >>> 26) & Mask;
        l2 = ((low >>> 52) | (high << 12)) & Mask;
        l3 = (high >>> 14) & Mask;
        l4 = (high >>> 40) | Vector256.Create(1UL << 24);
    }

    /// <summary>Adds a block to each lane, each with the bit that marks its end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddBlocks(Limb low, Limb high)
    {
        L0 += low & Mask;
        L1 += (low >>> 26) & Mask;
        L2 += ((low >>> 52) | (high << 12)) & Mask;
        L3 += (high >>> 14) & Mask;
        L4 += (high >>> 40) | Vector256.Create(1UL << 24);
    }

    /// <summary>Adds this times <paramref name="r"/> to five sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void MultiplyInto(ref Limb d0, ref Limb d1, ref Limb d2, ref Limb d3, ref Limb d4, in Poly1305Factor r) =>
        r.MultiplyInto(L0, L1, L2, L3, L4, ref d0, ref d1, ref d2, ref d3, ref d4);

    /// <summary>this = this · r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(in Poly1305Factor r)
    {
        Limb d0 = Limb.Zero, d1 = Limb.Zero, d2 = Limb.Zero, d3 = Limb.Zero, d4 = Limb.Zero;
        MultiplyInto(ref d0, ref d1, ref d2, ref d3, ref d4, in r);
        Carry(d0, d1, d2, d3, d4);
    }

    /// <summary>Sets this to five sums below 2^60, carried down to limbs: two chains at once, from the bottom and from the middle.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Carry(Limb d0, Limb d1, Limb d2, Limb d3, Limb d4)
    {
        d1 += d0 >>> 26;
        d0 &= Mask;
        d4 += d3 >>> 26;
        d3 &= Mask;
        d2 += d1 >>> 26;
        d1 &= Mask;
        Limb over = d4 >>> 26;  // 2^130 = 5
        d4 &= Mask;
        d0 += over + (over << 2);
        d3 += d2 >>> 26;
        L2 = d2 & Mask;
        L1 = d1 + (d0 >>> 26);
        L0 = d0 & Mask;
        L4 = d4 + (d3 >>> 26);
        L3 = d3 & Mask;
    }

    /// <summary>The sum of the four lanes, as words; the limbs may be sums below 2^60.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Sum(out ulong h0, out ulong h1, out ulong h2)
    {
        ulong d0 = Sum(L0), d1 = Sum(L1), d2 = Sum(L2), d3 = Sum(L3), d4 = Sum(L4);
        const ulong mask = (1UL << 26) - 1;
        d1 += d0 >> 26;
        d2 += d1 >> 26;
        d3 += d2 >> 26;
        d4 += d3 >> 26;
        d0 = (d0 & mask) + ((d4 >> 26) * 5);
        d1 = (d1 & mask) + (d0 >> 26);  // may be 2^26 and a little more: added below, not ORed
        d2 &= mask;
        d3 &= mask;
        d4 &= mask;

        ulong low = (d0 & mask) + (d1 << 26);
        ulong next = d2 << 52;
        h0 = low + next;
        ulong carry = h0 < next ? 1UL : 0UL;
        low = (d2 >> 12) + (d3 << 14) + carry;
        next = d4 << 40;
        h1 = low + next;
        h2 = (d4 >> 24) + (h1 < next ? 1UL : 0UL);
    }

    /// <summary>Each lane as words: its four lowest words, then the four next ones, then what is above them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Store(ulong* words)
    {
        Limb d0 = L0, d1 = L1, d2 = L2, d3 = L3, d4 = L4;

        // Once around leaves at most d0 above 26 bits, and that by little. If its carry ran through all limbs then, they are zero and d0 is small.
        for (int i = 0; i < 2; i++)
        {
            d1 += d0 >>> 26;
            d0 &= Mask;
            d2 += d1 >>> 26;
            d1 &= Mask;
            d3 += d2 >>> 26;
            d2 &= Mask;
            d4 += d3 >>> 26;
            d3 &= Mask;
            Limb over = d4 >>> 26;
            d4 &= Mask;
            d0 += over + (over << 2);
        }

        (d0 | (d1 << 26) | (d2 << 52)).Store(words);
        ((d2 >>> 12) | (d3 << 14) | (d4 << 40)).Store(words + 4);
        (d4 >>> 24).Store(words + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Sum(Limb limb)
    {
        Vector128<ulong> sum = limb.GetLower() + limb.GetUpper();
        return sum.ToScalar() + sum.GetElement(1);
    }
}

/// <summary>A factor of <see cref="Poly1305Limbs"/>: its limbs, and five times those whose products come back from above 2^130.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct Poly1305Factor
{
    public readonly Limb R0;
    public readonly Limb R1;
    public readonly Limb R2;
    public readonly Limb R3;
    public readonly Limb R4;
    public readonly Limb S1;
    public readonly Limb S2;
    public readonly Limb S3;
    public readonly Limb S4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Poly1305Factor(Limb r0, Limb r1, Limb r2, Limb r3, Limb r4)
    {
        R0 = r0;
        R1 = r1;
        R2 = r2;
        R3 = r3;
        R4 = r4;
        S1 = r1 + (r1 << 2);
        S2 = r2 + (r2 << 2);
        S3 = r3 + (r3 << 2);
        S4 = r4 + (r4 << 2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Poly1305Factor(in Poly1305Limbs limbs)
        : this(limbs.L0, limbs.L1, limbs.L2, limbs.L3, limbs.L4)
    {
    }

    /// <summary>Adds a block in each lane, with the bit that marks its end, times this to five sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyInto(Limb low, Limb high, ref Limb d0, ref Limb d1, ref Limb d2, ref Limb d3, ref Limb d4)
    {
        Poly1305Limbs.Split(low, high, out Limb l0, out Limb l1, out Limb l2, out Limb l3, out Limb l4);
        MultiplyInto(l0, l1, l2, l3, l4, ref d0, ref d1, ref d2, ref d3, ref d4);
    }

    /// <summary>Adds a number a lane times this to five sums. Its limbs come in the order in which <see cref="Poly1305Limbs.Carry"/> has them ready.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyInto(
        Limb l0, Limb l1, Limb l2, Limb l3, Limb l4, ref Limb d0, ref Limb d1, ref Limb d2, ref Limb d3, ref Limb d4)
    {
        d0 += Product(l2, S3);
        d1 += Product(l2, S4);
        d2 += Product(l2, R0);
        d3 += Product(l2, R1);
        d4 += Product(l2, R2);
        d0 += Product(l0, R0);
        d1 += Product(l0, R1);
        d2 += Product(l0, R2);
        d3 += Product(l0, R3);
        d4 += Product(l0, R4);
        d0 += Product(l3, S2);
        d1 += Product(l3, S3);
        d2 += Product(l3, S4);
        d3 += Product(l3, R0);
        d4 += Product(l3, R1);
        d0 += Product(l4, S1);
        d1 += Product(l4, S2);
        d2 += Product(l4, S3);
        d3 += Product(l4, S4);
        d4 += Product(l4, R0);
        d0 += Product(l1, S4);
        d1 += Product(l1, R0);
        d2 += Product(l1, R1);
        d3 += Product(l1, R2);
        d4 += Product(l1, R3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Limb Product(Limb x, Limb y) => Avx2.Multiply(x.AsUInt32(), y.AsUInt32());
}
