using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// ChaCha20-Poly1305 as RFC 8439, section 2.8, spells it out: block 0 is the key of the MAC, the blocks from 1 on are
/// the key stream. Serves what carries associated data, processors without vectors, and the tests of all other kernels.
/// </summary>
internal readonly unsafe struct AeadScalar : IAeadKernel
{
    public static bool IsSupported => BitConverter.IsLittleEndian;

    public static void Seal(byte* key, ulong counter, byte* data, int length) =>
        Seal(KeyOf(key), noncePrefix: 0, counter, default, new Span<byte>(data, length + Aead.TagSize));

    public static bool TryOpen(byte* key, ulong counter, byte* data, int length) =>
        TryOpen(KeyOf(key), noncePrefix: 0, counter, default, new Span<byte>(data, length + Aead.TagSize));

    public static void Seal(byte* key, byte* memory, ReadOnlySpan<AeadPacket> packets)
    {
        foreach (ref readonly AeadPacket packet in packets)
        {
            Seal(key, packet.Counter, memory + packet.Offset, packet.Length);
        }
    }

    public static void Open(byte* key, byte* memory, Span<AeadPacket> packets)
    {
        foreach (ref AeadPacket packet in packets)
        {
            packet.Authentic = TryOpen(key, packet.Counter, memory + packet.Offset, packet.Length);
        }
    }

    /// <param name="noncePrefix">The nonce's first four bytes, little-endian: zero in WireGuard.</param>
    [SkipLocalsInit]
    public static void Seal(ReadOnlySpan<byte> key, uint noncePrefix, ulong counter, ReadOnlySpan<byte> associatedData, Span<byte> dataAndTag)
    {
        Span<byte> data = dataAndTag[..^Aead.TagSize];
        ChaCha20Scalar.Xor(key, block: 1, noncePrefix, counter, data);
        Tag(key, noncePrefix, counter, associatedData, data, dataAndTag[^Aead.TagSize..]);
    }

    /// <inheritdoc cref="Seal(ReadOnlySpan{byte}, uint, ulong, ReadOnlySpan{byte}, Span{byte})"/>
    [SkipLocalsInit]
    public static bool TryOpen(ReadOnlySpan<byte> key, uint noncePrefix, ulong counter, ReadOnlySpan<byte> associatedData, Span<byte> dataAndTag)
    {
        Span<byte> tag = stackalloc byte[Aead.TagSize];
        Span<byte> data = dataAndTag[..^Aead.TagSize];
        Tag(key, noncePrefix, counter, associatedData, data, tag);
        if (!CryptographicOperations.FixedTimeEquals(tag, dataAndTag[^Aead.TagSize..]))
        {
            return false;
        }

        ChaCha20Scalar.Xor(key, block: 1, noncePrefix, counter, data);
        return true;
    }

    private static ReadOnlySpan<byte> KeyOf(byte* key) => new(key, Aead.KeySize);

    [SkipLocalsInit]
    private static void Tag(
        ReadOnlySpan<byte> key, uint noncePrefix, ulong counter, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext, Span<byte> tag)
    {
        Debug.Assert(tag.Length == Aead.TagSize, "A tag is 16 bytes.");
        Span<byte> oneTimeKey = stackalloc byte[ChaCha20Scalar.BlockSize];
        ChaCha20Scalar.Block(key, block: 0, noncePrefix, counter, oneTimeKey);

        var mac = new Poly1305Scalar(oneTimeKey);
        mac.UpdatePadded(associatedData);
        mac.UpdatePadded(ciphertext);
        mac.UpdateBlock((ulong)associatedData.Length, (ulong)ciphertext.Length);
        mac.Finish(tag);
        CryptographicOperations.ZeroMemory(oneTimeKey);
    }
}
