using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using Limb = System.Runtime.Intrinsics.Vector256<ulong>;

namespace WgNet.Protocol;

/// <summary>
/// Poly1305 (RFC 8439, section 2.5) in AVX2 of four messages of one length, a message a lane. The powers of r, by which four blocks
/// share a carry, are made for all four at once, and nothing is to be folded in the end: that is a third of what one message by
/// <see cref="Poly1305Avx2"/> costs at the length of a full packet.
/// </summary>
/// <remarks>Never inlined: inside a caller, its own steps would no longer be, and each would cost a call.</remarks>
internal static unsafe class Poly1305Avx2Lanes
{
    public const int Lanes = 4;

    private const int GroupSize = Poly1305Avx2.GroupSize;
    private const int Powers = 4;

    /// <summary>The tags of four messages whose first <paramref name="authenticated"/> bytes were taken in already.</summary>
    /// <param name="macs">Four; wiped.</param>
    /// <param name="oneTimeKeys">Four, <see cref="ChaCha20Scalar.BlockSize"/> apart.</param>
    /// <param name="data">Where the messages lie; lanes may share one.</param>
    /// <param name="length">Of all of each; three blocks are left at least.</param>
    /// <param name="tags">Four, 16 bytes each.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(Poly1305Words* macs, byte* oneTimeKeys, byte** data, int length, int authenticated, byte* tags)
    {
        byte** messages = stackalloc byte*[Lanes];
        byte** lastGroups = stackalloc byte*[Lanes];
        byte* last = stackalloc byte[Lanes * GroupSize];
        int left = Poly1305Avx2.Blocks(length - authenticated);
        int alone = left & 3;
        int groups = (left / 4) - 1;
        Debug.Assert(groups >= 0, "The last group is the last three blocks of data, and the length.");
        for (int i = 0; i < Lanes; i++)
        {
            macs[i].Absorb(data[i] + authenticated, alone);
            messages[i] = data[i] + authenticated + (alone * Poly1305Scalar.BlockSize);
            lastGroups[i] = last + (i * GroupSize);
            Poly1305Avx2.PutLastGroup(lastGroups[i], messages[i] + (groups * GroupSize), data[i] + length, length);
        }

        Absorb(macs, messages, groups, lastGroups);
        for (int i = 0; i < Lanes; i++)
        {
            macs[i].Finish(oneTimeKeys + (i * ChaCha20Scalar.BlockSize), tags + (i * Aead.TagSize));
        }
    }

    /// <summary>Takes in so many groups of each message, none is fine, and one more from another place.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Absorb(Poly1305Words* macs, byte** messages, int groups, byte** lastGroups)
    {
        // In memory that begins with a cache line: no vector lies across two.
        byte* scratch = stackalloc byte[(Powers * sizeof(Poly1305Factor)) + 63];
        var r = (Poly1305Factor*)(((nuint)scratch + 63) & ~(nuint)63);
        var power = new Poly1305Limbs(
            Vector256.Create(macs[0].R0, macs[1].R0, macs[2].R0, macs[3].R0),
            Vector256.Create(macs[0].R1, macs[1].R1, macs[2].R1, macs[3].R1));
        r[0] = new Poly1305Factor(in power);
        for (int i = 1; i < Powers; i++)
        {
            power.Multiply(in r[0]);
            r[i] = new Poly1305Factor(in power);
        }

        var h = new Poly1305Limbs(
            Vector256.Create(macs[0].H0, macs[1].H0, macs[2].H0, macs[3].H0),
            Vector256.Create(macs[0].H1, macs[1].H1, macs[2].H1, macs[3].H1));
        h.L4 += Vector256.Create(macs[0].H2, macs[1].H2, macs[2].H2, macs[3].H2) << 24;
        byte* m0 = messages[0], m1 = messages[1], m2 = messages[2], m3 = messages[3];
        for (; groups >= 0; groups--, m0 += GroupSize, m1 += GroupSize, m2 += GroupSize, m3 += GroupSize)
        {
            if (groups == 0)
            {
                m0 = lastGroups[0];
                m1 = lastGroups[1];
                m2 = lastGroups[2];
                m3 = lastGroups[3];
            }

            // (h + first block)·r⁴ + second·r³ + third·r² + fourth·r: what does not wait for h comes first.
            Limb d0 = Limb.Zero, d1 = Limb.Zero, d2 = Limb.Zero, d3 = Limb.Zero, d4 = Limb.Zero;
            Load(m0 + 32, m1 + 32, m2 + 32, m3 + 32, out Limb low0, out Limb high0, out Limb low1, out Limb high1);
            r[0].MultiplyInto(low1, high1, ref d0, ref d1, ref d2, ref d3, ref d4);
            r[1].MultiplyInto(low0, high0, ref d0, ref d1, ref d2, ref d3, ref d4);
            Load(m0, m1, m2, m3, out low0, out high0, out low1, out high1);
            r[2].MultiplyInto(low1, high1, ref d0, ref d1, ref d2, ref d3, ref d4);
            h.AddBlocks(low0, high0);
            h.MultiplyInto(ref d0, ref d1, ref d2, ref d3, ref d4, in r[3]);
            h.Carry(d0, d1, d2, d3, d4);
        }

        ulong* words = stackalloc ulong[3 * Lanes];
        h.Store(words);
        for (int i = 0; i < Lanes; i++)
        {
            macs[i].H0 = words[i];
            macs[i].H1 = words[Lanes + i];
            macs[i].H2 = words[(2 * Lanes) + i];
        }

        CryptographicOperations.ZeroMemory(new Span<byte>(r, Powers * sizeof(Poly1305Factor)));
    }

    /// <summary>Two blocks of each message, a message a lane: the lower and the upper words of the first, and of the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(byte* m0, byte* m1, byte* m2, byte* m3, out Limb low0, out Limb high0, out Limb low1, out Limb high1)
    {
        Limb w0 = Vector256.Load((ulong*)m0), w1 = Vector256.Load((ulong*)m1);
        Limb w2 = Vector256.Load((ulong*)m2), w3 = Vector256.Load((ulong*)m3);
        Limb low01 = Avx2.UnpackLow(w0, w1), low23 = Avx2.UnpackLow(w2, w3);
        Limb high01 = Avx2.UnpackHigh(w0, w1), high23 = Avx2.UnpackHigh(w2, w3);
        low0 = Avx2.Permute2x128(low01, low23, 0x20);
        low1 = Avx2.Permute2x128(low01, low23, 0x31);
        high0 = Avx2.Permute2x128(high01, high23, 0x20);
        high1 = Avx2.Permute2x128(high01, high23, 0x31);
    }
}
