using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WgNet.Protocol;

/// <summary>
/// Where a Poly1305 stands, in 64-bit words: what passes between the integer steps that run beside ChaCha20
/// and the vectors that take in the bulk.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Poly1305Words
{
    /// <summary>Bytes of an instance.</summary>
    public const int Size = 6 * sizeof(ulong);

    public ulong H0;
    public ulong H1;
    public ulong H2;    // below 8
    public ulong R0;
    public ulong R1;
    public ulong S1;    // r1 · 5/4

    /// <summary>An empty message under the one-time key's first half.</summary>
    public Poly1305Words(byte* oneTimeKey)
    {
        R0 = *(ulong*)oneTimeKey & Poly1305Scalar.ClampLow;
        R1 = *(ulong*)(oneTimeKey + 8) & Poly1305Scalar.ClampHigh;
        S1 = R1 + (R1 >> 2);
    }

    /// <summary>Takes in whole blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Absorb(byte* message, int blocks)
    {
        ulong h0 = H0, h1 = H1, h2 = H2, r0 = R0, r1 = R1, s1 = S1;
        for (; blocks > 0; blocks--, message += Poly1305Scalar.BlockSize)
        {
            Absorb(ref h0, ref h1, ref h2, r0, r1, s1, message);
        }

        H0 = h0;
        H1 = h1;
        H2 = h2;
    }

    /// <summary>One block into words that are kept in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Absorb(ref ulong h0, ref ulong h1, ref ulong h2, ulong r0, ulong r1, ulong s1, byte* block) =>
        Poly1305Scalar.Step(ref h0, ref h1, ref h2, r0, r1, s1, *(ulong*)block, *(ulong*)(block + 8));

    /// <summary>Writes the tag and wipes this instance.</summary>
    public void Finish(byte* oneTimeKey, byte* tag)
    {
        Poly1305Scalar.Reduce(H0, H1, H2, *(ulong*)(oneTimeKey + 16), *(ulong*)(oneTimeKey + 24), new Span<byte>(tag, Aead.TagSize));
        this = default;
    }
}
