namespace WgNet.Protocol;

/// <summary>
/// What one width of <see cref="Aead"/> provides: ChaCha20-Poly1305 without associated data, in place, nonce = four zero
/// bytes and a counter. <see cref="Aead"/> has checked lengths and places before it calls. Every implementation is
/// constant-time: no branch and no address depends on key, plaintext or tag, but for whether a tag was right.
/// </summary>
internal unsafe interface IAeadKernel
{
    /// <summary>Whether this processor, as the runtime was told to see it, can run it.</summary>
    static abstract bool IsSupported { get; }

    /// <param name="key">32 bytes.</param>
    /// <param name="data">The plaintext, and room for the tag behind it.</param>
    /// <param name="length">Of the plaintext.</param>
    static abstract void Seal(byte* key, ulong counter, byte* data, int length);

    /// <summary>False, and all as it was, if the tag behind the ciphertext is wrong.</summary>
    static abstract bool TryOpen(byte* key, ulong counter, byte* data, int length);

    static abstract void Seal(byte* key, byte* memory, ReadOnlySpan<AeadPacket> packets);

    static abstract void Open(byte* key, byte* memory, Span<AeadPacket> packets);
}
