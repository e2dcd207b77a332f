using System.Runtime.InteropServices;

namespace WgNet.Protocol;

/// <summary>One packet of a batch, by its place in the batch's memory. The packets of a batch do not overlap.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AeadPacket
{
    /// <summary>Where the plaintext or ciphertext begins in the batch's memory.</summary>
    public int Offset;

    /// <summary>Of the plaintext, without the tag; the 16-byte tag lies right behind it.</summary>
    public int Length;

    /// <summary>The nonce: four zero bytes and this, little-endian. Used once per key to seal.</summary>
    public ulong Counter;

    /// <summary>Set by opening: the tag was right, and the plaintext lies in place.</summary>
    public bool Authentic;
}
