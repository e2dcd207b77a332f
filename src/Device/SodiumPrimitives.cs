using WgNet.Linux;
using WgNet.Protocol;

namespace WgNet.Device;

/// <summary>The protocol's primitives, from libsodium and the kernel.</summary>
public sealed class SodiumPrimitives : IPrimitives
{
    /// <exception cref="DllNotFoundException">libsodium is not installed.</exception>
    public SodiumPrimitives()
    {
        if (!Sodium.TryInitialize())
        {
            throw new DllNotFoundException("libsodium (Debian, Ubuntu: apt install libsodium23; Fedora, Arch, Alpine: libsodium)");
        }
    }

    public void X25519Base(ReadOnlySpan<byte> privateKey, Span<byte> publicKey) => Sodium.X25519Base(privateKey, publicKey);

    public bool TryX25519(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> sharedSecret) =>
        Sodium.TryX25519(privateKey, publicKey, sharedSecret);

    public void XSeal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> output) =>
        Sodium.XSeal(key, nonce, associatedData, plaintext, output);

    public bool TryXOpen(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext) =>
        Sodium.TryXOpen(key, nonce, associatedData, ciphertext, plaintext);

    public void RandomBytes(Span<byte> buffer) => KernelRandom.Fill(buffer);

    public SecretMemory AllocateSecret(int length) => new PagedSecret(SecretPages.Shared.Allocate(length));

    private sealed class PagedSecret(SecretCell cell) : SecretMemory
    {
        public override Span<byte> Span => cell.Span;

        // The cell has its own finalizer, so there is nothing to do in one of this.
        protected override void Dispose(bool disposing) => cell.Dispose();
    }
}
