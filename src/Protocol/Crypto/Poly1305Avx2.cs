using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Limb = System.Runtime.Intrinsics.Vector256<ulong>;

namespace WgNet.Protocol;

/// <summary>
/// Poly1305 (RFC 8439, section 2.5) in AVX2, four blocks of one message at once: each lane takes every fourth block,
/// h = h · r⁴ + block; in the end the lanes are multiplied by r⁴, r³, r² and r, and added.
/// </summary>
/// <remarks>Never inlined: inside a caller, its own steps would no longer be, and each would cost a call.</remarks>
internal static unsafe class Poly1305Avx2
{
    /// <summary>Bytes of a group, which is four blocks.</summary>
    public const int GroupSize = 4 * Poly1305Scalar.BlockSize;

    /// <summary>Blocks of <paramref name="length"/> bytes, the last one filled up, and of the AEAD's block of lengths.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Blocks(int length) => ((length + Poly1305Scalar.BlockSize - 1) / Poly1305Scalar.BlockSize) + 1;

    /// <summary>The tag of a message whose first <paramref name="authenticated"/> bytes were taken in already.</summary>
    /// <param name="length">Of all of it; three blocks are left at least.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(Poly1305Words* mac, byte* oneTimeKey, byte* data, int length, int authenticated, byte* tag)
    {
        byte* last = stackalloc byte[GroupSize];
        int left = Blocks(length - authenticated);
        mac->Absorb(data + authenticated, left & 3);
        byte* message = data + authenticated + ((left & 3) * Poly1305Scalar.BlockSize);
        int groups = (left / 4) - 1;
        Debug.Assert(groups >= 0, "The last group is the last three blocks of data, and the length.");

        PutLastGroup(last, message + (groups * GroupSize), data + length, length);
        Absorb(mac, message, groups, last);
        mac->Finish(oneTimeKey, tag);
    }

    /// <summary>The last group of a message: what there is of it from <paramref name="from"/> on, zeros, and its length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PutLastGroup(byte* group, byte* from, byte* end, int length)
    {
        Vector256<byte>.Zero.Store(group);
        Vector256<byte>.Zero.Store(group + 32);
        Unsafe.CopyBlockUnaligned(group, from, (uint)(end - from));
        *(ulong*)(group + GroupSize - 8) = (ulong)length;
    }

    /// <summary>
    /// Takes in <paramref name="groups"/> groups of whole blocks, none is fine, and one more from another place, where the caller has
    /// put the message's end, filled up with zeros, and its length.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Absorb(Poly1305Words* mac, byte* message, int groups, byte* last)
    {
        Powers(mac, out Poly1305Factor r4321, out Poly1305Factor r4, out Poly1305Factor r8);

        // What was taken in before counts as part of the next block, which goes into the first lane.
        var h = new Poly1305Limbs(Vector256.CreateScalar(mac->H0), Vector256.CreateScalar(mac->H1));
        h.L4 += Vector256.CreateScalar(mac->H2 << 24);
        Load(groups == 0 ? last : message, out Limb low, out Limb high);
        h.AddBlocks(low, high);
        message += GroupSize;
        if ((groups & 1) != 0)
        {
            h.Multiply(in r4);
            Load(groups == 1 ? last : message, out low, out high);
            h.AddBlocks(low, high);
            message += GroupSize;
        }

        // Pairs of groups are left: h · r⁸ + group · r⁴ + group needs one carry instead of two.
        for (int pairs = groups / 2; pairs > 0; pairs--)
        {
            Load(message, out low, out high);
            var first = new Poly1305Limbs(low, high);
            first.L4 |= Vector256.Create(1UL << 24);
            Load(pairs == 1 ? last : message + GroupSize, out low, out high);
            Poly1305Limbs.Split(low, high, out Limb d0, out Limb d1, out Limb d2, out Limb d3, out Limb d4);
            first.MultiplyInto(ref d0, ref d1, ref d2, ref d3, ref d4, in r4);
            h.MultiplyInto(ref d0, ref d1, ref d2, ref d3, ref d4, in r8);
            h.Carry(d0, d1, d2, d3, d4);
            message += 2 * GroupSize;
        }

        Limb s0 = Limb.Zero, s1 = Limb.Zero, s2 = Limb.Zero, s3 = Limb.Zero, s4 = Limb.Zero;
        h.MultiplyInto(ref s0, ref s1, ref s2, ref s3, ref s4, in r4321);
        h = new Poly1305Limbs { L0 = s0, L1 = s1, L2 = s2, L3 = s3, L4 = s4 };
        h.Sum(out mac->H0, out mac->H1, out mac->H2);
    }

    /// <summary>The powers of r: each lane's own in the order in which <see cref="Load"/> fills the lanes, and two in all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Powers(Poly1305Words* mac, out Poly1305Factor r4321, out Poly1305Factor r4, out Poly1305Factor r8)
    {
        var r = new Poly1305Limbs(Vector256.Create(mac->R0), Vector256.Create(mac->R1));
        Poly1305Limbs square = r;
        square.Multiply(new Poly1305Factor(in r));

        // [r² r² r r] · r² = [r⁴ r⁴ r³ r³]
        var mixed = new Poly1305Limbs
        {
            L0 = Halves(square.L0, r.L0),
            L1 = Halves(square.L1, r.L1),
            L2 = Halves(square.L2, r.L2),
            L3 = Halves(square.L3, r.L3),
            L4 = Halves(square.L4, r.L4),
        };
        Poly1305Limbs higher = mixed;
        higher.Multiply(new Poly1305Factor(in square));
        r4321 = new Poly1305Factor(
            Alternate(higher.L0, mixed.L0),
            Alternate(higher.L1, mixed.L1),
            Alternate(higher.L2, mixed.L2),
            Alternate(higher.L3, mixed.L3),
            Alternate(higher.L4, mixed.L4));
        var fourth = new Poly1305Limbs
        {
            L0 = Avx2.Permute4x64(higher.L0, 0),
            L1 = Avx2.Permute4x64(higher.L1, 0),
            L2 = Avx2.Permute4x64(higher.L2, 0),
            L3 = Avx2.Permute4x64(higher.L3, 0),
            L4 = Avx2.Permute4x64(higher.L4, 0),
        };
        r4 = new Poly1305Factor(in fourth);
        fourth.Multiply(in r4);
        r8 = new Poly1305Factor(in fourth);
    }

    // Four blocks into lanes, in the order 0 2 1 3: to have them in turn would cost a permutation more.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(byte* group, out Limb low, out Limb high)
    {
        Limb blocks01 = Vector256.Load((ulong*)group);
        Limb blocks23 = Vector256.Load((ulong*)(group + 32));
        low = Avx2.UnpackLow(blocks01, blocks23);
        high = Avx2.UnpackHigh(blocks01, blocks23);
    }

    // [x0 x1 y2 y3]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Limb Halves(Limb x, Limb y) => Avx2.Blend(x.AsUInt32(), y.AsUInt32(), 0b1111_0000).AsUInt64();

    // [x0 y1 x2 y3]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Limb Alternate(Limb x, Limb y) => Avx2.Blend(x.AsUInt32(), y.AsUInt32(), 0b1100_1100).AsUInt64();
}
