namespace WgNet.Protocol;

/// <summary>The interface's own static keys. Immutable: a changed private key is another identity.</summary>
internal sealed class StaticIdentity : IDisposable
{
    private readonly SecretMemory _privateKey;

    public StaticIdentity(IPrimitives primitives, ReadOnlySpan<byte> privateKey)
    {
        _privateKey = primitives.AllocateSecret(Key.Size);
        privateKey.CopyTo(_privateKey.Span);
        Clamp(_privateKey.Span);
        Span<byte> publicKey = stackalloc byte[Key.Size];
        primitives.X25519Base(_privateKey.Span, publicKey);
        PublicKey = new PublicKey(publicKey);
    }

    public ReadOnlySpan<byte> PrivateKey => _privateKey.Span;

    public PublicKey PublicKey { get; }

    /// <summary>RFC 7748: makes any 32 bytes a private key.</summary>
    public static void Clamp(Span<byte> privateKey)
    {
        privateKey[0] &= 0xF8;
        privateKey[31] = (byte)((privateKey[31] & 0x7F) | 0x40);
    }

    public void Dispose() => _privateKey.Dispose();
}
