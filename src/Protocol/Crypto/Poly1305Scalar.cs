using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace WgNet.Protocol;

/// <summary>
/// Poly1305 (RFC 8439, section 2.5) with 64-bit integers: h = (h + block) · r mod 2^130 − 5, h kept in two words and a few bits.
/// The reference, and the fastest for messages of a few blocks.
/// </summary>
/// <remarks>
/// A carry is written <c>x &lt; y ? 1UL : 0UL</c>, which the compiler turns into an instruction without a branch.
/// With other constants it may not, nor does it before a method is optimized: hence AggressiveOptimization here, and
/// a test that counts the branches.
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal struct Poly1305Scalar
{
    public const int BlockSize = 16;

    /// <summary>The bits of r that are not zero by definition (section 2.5).</summary>
    public const ulong ClampLow = 0x0FFF_FFFC_0FFF_FFFF;
    public const ulong ClampHigh = 0x0FFF_FFFC_0FFF_FFFC;

    private readonly ulong _r0;
    private readonly ulong _r1;
    private readonly ulong _s1;     // r1 · 5/4: r's two lowest bits of that word are clear, so the division is exact
    private readonly ulong _pad0;
    private readonly ulong _pad1;
    private ulong _h0;
    private ulong _h1;
    private ulong _h2;              // below 8 between blocks

    /// <param name="oneTimeKey">r, 16 bytes, and what is added in the end, 16 bytes; more is ignored.</param>
    public Poly1305Scalar(ReadOnlySpan<byte> oneTimeKey)
    {
        _r0 = BinaryPrimitives.ReadUInt64LittleEndian(oneTimeKey) & ClampLow;
        _r1 = BinaryPrimitives.ReadUInt64LittleEndian(oneTimeKey[8..]) & ClampHigh;
        _s1 = _r1 + (_r1 >> 2);
        _pad0 = BinaryPrimitives.ReadUInt64LittleEndian(oneTimeKey[16..]);
        _pad1 = BinaryPrimitives.ReadUInt64LittleEndian(oneTimeKey[24..]);
    }

    /// <summary>Blocks of 16 bytes, the last one filled up with zeros, as the AEAD wants it.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void UpdatePadded(ReadOnlySpan<byte> data)
    {
        ulong h0 = _h0, h1 = _h1, h2 = _h2, r0 = _r0, r1 = _r1, s1 = _s1;
        for (; data.Length >= BlockSize; data = data[BlockSize..])
        {
            Step(ref h0, ref h1, ref h2, r0, r1, s1, BinaryPrimitives.ReadUInt64LittleEndian(data), BinaryPrimitives.ReadUInt64LittleEndian(data[8..]));
        }

        if (!data.IsEmpty)
        {
            Span<byte> last = stackalloc byte[BlockSize];
            last.Clear();
            data.CopyTo(last);
            Step(ref h0, ref h1, ref h2, r0, r1, s1, BinaryPrimitives.ReadUInt64LittleEndian(last), BinaryPrimitives.ReadUInt64LittleEndian(last[8..]));
        }

        (_h0, _h1, _h2) = (h0, h1, h2);
    }

    /// <summary>One block, from its two words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void UpdateBlock(ulong low, ulong high) => Step(ref _h0, ref _h1, ref _h2, _r0, _r1, _s1, low, high);

    /// <summary>h = (h + block) · r, for kernels that keep h in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step(ref ulong h0, ref ulong h1, ref ulong h2, ulong r0, ulong r1, ulong s1, ulong low, ulong high)
    {
        // h += block + 2^128
        ulong x0 = h0 + low;
        ulong carry = x0 < low ? 1UL : 0UL;
        high += carry;
        ulong x2 = h2 + 1 + (high < carry ? 1UL : 0UL);
        ulong x1 = h1 + high;
        x2 += x1 < high ? 1UL : 0UL;

        // h · r in words: the products that reach 2^128 come back at once as 5/4 of themselves, which s1 holds.
        ulong low0 = x0 * r0, low0b = x1 * s1;
        ulong low1 = x0 * r1, low1b = x1 * r0;
        ulong high0 = High(x0, r0), high0b = High(x1, s1);
        ulong high1 = High(x0, r1), high1b = High(x1, r0);
        ulong top1 = x2 * s1, top2 = x2 * r0;

        low0 += low0b;
        high0 += high0b + (low0 < low0b ? 1UL : 0UL);
        low1 += low1b;
        high1 += high1b + (low1 < low1b ? 1UL : 0UL);
        low1 += top1;
        top2 += high1 + (low1 < top1 ? 1UL : 0UL);
        low1 += high0;
        top2 += low1 < high0 ? 1UL : 0UL;

        // What is above 2^130 comes back times 5, which is its quarter and itself with the two low bits cut off.
        ulong over = (top2 >> 2) + (top2 & ~3UL);
        low0 += over;
        carry = low0 < over ? 1UL : 0UL;
        low1 += carry;
        h0 = low0;
        h1 = low1;
        h2 = (top2 & 3) + (low1 < carry ? 1UL : 0UL);
    }

    /// <summary>Writes the tag and wipes this instance.</summary>
    public void Finish(Span<byte> tag)
    {
        Reduce(_h0, _h1, _h2, _pad0, _pad1, tag);
        this = default;
    }

    /// <summary>The tag: (h mod 2^130 − 5) + pad mod 2^128, with h2 below 2^62.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Reduce(ulong h0, ulong h1, ulong h2, ulong pad0, ulong pad1, Span<byte> tag)
    {
        Reduce(ref h0, ref h1, h2, pad0, pad1);
        BinaryPrimitives.WriteUInt64LittleEndian(tag, h0);
        BinaryPrimitives.WriteUInt64LittleEndian(tag[8..], h1);
    }

    /// <summary>The same, for kernels that keep h in registers: the tag takes its place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Reduce(ref ulong h0, ref ulong h1, ulong h2, ulong pad0, ulong pad1)
    {
        ulong over = (h2 >> 2) * 5;
        h2 &= 3;
        h0 += over;
        ulong carry = h0 < over ? 1UL : 0UL;
        h1 += carry;
        h2 += h1 < carry ? 1UL : 0UL;

        // h − p = h + 5 − 2^130: taken instead of h if it did not borrow, by a mask and not by a branch.
        ulong g0 = h0 + 5;
        carry = g0 < 5 ? 1UL : 0UL;
        ulong g1 = h1 + carry;
        carry = g1 < carry ? 1UL : 0UL;
        ulong mask = 0UL - ((h2 + carry) >> 2);
        h0 = (h0 & ~mask) | (g0 & mask);
        h1 = (h1 & ~mask) | (g1 & mask);

        h0 += pad0;
        h1 += pad1 + (h0 < pad0 ? 1UL : 0UL);
    }

    /// <summary>The tag from limbs of 26 bits, which may each hold up to 63: what the vector kernels end with.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe void ReduceLimbs(ulong limb0, ulong limb1, ulong limb2, ulong limb3, ulong limb4, byte* oneTimeKey, byte* tag)
    {
        const ulong Mask = (1UL << 26) - 1;
        limb1 += limb0 >> 26;
        limb2 += limb1 >> 26;
        limb3 += limb2 >> 26;
        limb4 += limb3 >> 26;
        limb0 = (limb0 & Mask) + ((limb4 >> 26) * 5);
        limb1 = (limb1 & Mask) + (limb0 >> 26);     // may be 2^26 now: added below, not or-ed
        limb0 &= Mask;
        limb2 &= Mask;
        limb3 &= Mask;
        limb4 &= Mask;

        ulong low = limb0 + (limb1 << 26), part = limb2 << 52;
        low += part;
        ulong carry = low < part ? 1UL : 0UL;
        ulong high = (limb2 >> 12) + (limb3 << 14) + carry;
        part = limb4 << 40;
        high += part;
        carry = high < part ? 1UL : 0UL;
        ulong* pad = (ulong*)oneTimeKey + 2;
        Reduce(low, high, (limb4 >> 24) + carry, pad[0], pad[1], new Span<byte>(tag, BlockSize));
    }

    // Math.BigMul hands its low half through memory: two plain multiplications are faster.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong High(ulong a, ulong b) =>
        Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(a, b)
        : ArmBase.Arm64.IsSupported ? ArmBase.Arm64.MultiplyHigh(a, b)
        : Math.BigMul(a, b, out _);
}
