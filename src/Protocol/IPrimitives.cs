namespace WgNet.Protocol;

/// <summary>
/// The cryptographic primitives that the protocol takes from a library instead of implementing them (X25519,
/// the cookies' AEAD, random bytes, locked memory). The one seam through which Protocol meets native code.
/// Implementations are thread-safe and allocate nothing but in <see cref="AllocateSecret"/>.
/// </summary>
public interface IPrimitives
{
    /// <summary>X25519 with the base point (RFC 7748). Both spans are 32 bytes.</summary>
    void X25519Base(ReadOnlySpan<byte> privateKey, Span<byte> publicKey);

    /// <summary>X25519 (RFC 7748), 32-byte spans. False if the shared secret is all zero (a low-order point).</summary>
    bool TryX25519(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> sharedSecret);

    /// <summary>
    /// XChaCha20-Poly1305 with a 24-byte nonce, for cookie replies.
    /// <paramref name="output"/> is the plaintext's length plus 16 and may start where the plaintext starts.
    /// </summary>
    void XSeal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> output);

    /// <summary>The reverse of <see cref="XSeal"/>; false, with <paramref name="plaintext"/> unspecified, if the tag is wrong. In place is fine.</summary>
    bool TryXOpen(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext);

    /// <summary>Fills <paramref name="buffer"/> with bytes fit for keys.</summary>
    void RandomBytes(Span<byte> buffer);

    /// <summary>Zeroed memory for a secret: never moved, locked into RAM where the system allows it, wiped when disposed.</summary>
    SecretMemory AllocateSecret(int length);
}
