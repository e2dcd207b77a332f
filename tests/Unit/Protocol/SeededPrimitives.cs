using WgNet.Device;
using WgNet.Protocol;

namespace WgNet.Unit.Protocol;

/// <summary>Real cryptography with repeatable randomness.</summary>
internal class SeededPrimitives(int seed) : IPrimitives
{
    private static readonly SodiumPrimitives Sodium = new();
    private readonly Random _random = new(seed);

    public virtual void X25519Base(ReadOnlySpan<byte> privateKey, Span<byte> publicKey) => Sodium.X25519Base(privateKey, publicKey);

    public virtual bool TryX25519(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> sharedSecret) =>
        Sodium.TryX25519(privateKey, publicKey, sharedSecret);

    public void XSeal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> output) =>
        Sodium.XSeal(key, nonce, associatedData, plaintext, output);

    public bool TryXOpen(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext) =>
        Sodium.TryXOpen(key, nonce, associatedData, ciphertext, plaintext);

    public void RandomBytes(Span<byte> buffer)
    {
        lock (_random)
        {
            _random.NextBytes(buffer);
        }
    }

    public virtual SecretMemory AllocateSecret(int length) => Sodium.AllocateSecret(length);
}
