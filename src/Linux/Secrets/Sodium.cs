using System.Buffers.Binary;
using System.Reflection;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>
/// The few functions of libsodium that WgNet uses. <see cref="TryInitialize"/> must have returned true before any other
/// is called. Safe to call from any thread; spans of a wrong length throw before native code sees them.
/// </summary>
/// <remarks>
/// The calls are ordinary ones, not SuppressGCTransition: X25519 takes tens of microseconds and an AEAD call may be given
/// 64 KiB, and a garbage collection must not wait that long.
/// </remarks>
public static unsafe partial class Sodium
{
    public const int KeySize = 32;
    public const int TagSize = 16;
    public const int NonceSize = 12;
    public const int XNonceSize = 24;

    private const string Library = "libsodium";

    // By soname, since distributions put the plain libsodium.so into their -dev packages: 1.0.19 and later, 1.0.12 to 18.
    private static readonly string[] FileNames = ["libsodium.so.26", "libsodium.so.23", "libsodium.so"];

    private static readonly Lazy<bool> Initialized = new(Initialize);

    /// <summary>Loads and initializes the library at the first call. False if it is not installed.</summary>
    public static bool TryInitialize() => Initialized.Value;

    /// <summary>X25519 with the base point. Both spans are 32 bytes.</summary>
    public static void X25519Base(ReadOnlySpan<byte> privateKey, Span<byte> publicKey)
    {
        ThrowIfNotKey(privateKey);
        ThrowIfNotKey(publicKey);
        fixed (byte* q = publicKey, n = privateKey)
        {
            _ = crypto_scalarmult_curve25519_base(q, n);
        }
    }

    /// <summary>X25519, 32-byte spans. False if the result is all zero: the other key is of low order.</summary>
    public static bool TryX25519(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> sharedSecret)
    {
        ThrowIfNotKey(privateKey);
        ThrowIfNotKey(publicKey);
        ThrowIfNotKey(sharedSecret);
        fixed (byte* q = sharedSecret, n = privateKey, p = publicKey)
        {
            return crypto_scalarmult_curve25519(q, n, p) == 0;
        }
    }

    /// <summary>
    /// ChaCha20-Poly1305 (RFC 8439); the nonce is four zero bytes and <paramref name="counter"/> little-endian.
    /// <paramref name="output"/> is exactly 16 bytes longer than the plaintext and starts where it starts, or is apart from it.
    /// </summary>
    public static void Seal(
        ReadOnlySpan<byte> key, ulong counter, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> output)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        WriteNonce(nonce, counter);
        Seal(key, nonce, associatedData, plaintext, output);
    }

    /// <inheritdoc cref="Seal(ReadOnlySpan{byte}, ulong, ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte})"/>
    public static void Seal(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> output)
    {
        ThrowIfNotKey(key);
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, NonceSize, nameof(nonce));
        ArgumentOutOfRangeException.ThrowIfNotEqual(output.Length, plaintext.Length + TagSize, nameof(output));
        fixed (byte* c = output, m = plaintext, ad = associatedData, npub = nonce, k = key)
        {
            _ = crypto_aead_chacha20poly1305_ietf_encrypt(
                c, null, m, (ulong)plaintext.Length, ad, (ulong)associatedData.Length, null, npub, k);
        }
    }

    /// <summary>
    /// The reverse of <see cref="Seal(ReadOnlySpan{byte}, ulong, ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte})"/>.
    /// False if the tag is wrong or cannot be there; <paramref name="plaintext"/> is then unspecified.
    /// </summary>
    public static bool TryOpen(
        ReadOnlySpan<byte> key, ulong counter, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        WriteNonce(nonce, counter);
        return TryOpen(key, nonce, associatedData, ciphertext, plaintext);
    }

    /// <inheritdoc cref="TryOpen(ReadOnlySpan{byte}, ulong, ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte})"/>
    public static bool TryOpen(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        ThrowIfNotKey(key);
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, NonceSize, nameof(nonce));
        if (ciphertext.Length < TagSize)
        {
            return false;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(plaintext.Length, ciphertext.Length - TagSize, nameof(plaintext));
        fixed (byte* m = plaintext, c = ciphertext, ad = associatedData, npub = nonce, k = key)
        {
            return crypto_aead_chacha20poly1305_ietf_decrypt(
                m, null, null, c, (ulong)ciphertext.Length, ad, (ulong)associatedData.Length, npub, k) == 0;
        }
    }

    /// <summary>XChaCha20-Poly1305 with a 24-byte nonce; spans as in <see cref="Seal(ReadOnlySpan{byte}, ulong, ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte})"/>.</summary>
    public static void XSeal(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> output)
    {
        ThrowIfNotKey(key);
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, XNonceSize, nameof(nonce));
        ArgumentOutOfRangeException.ThrowIfNotEqual(output.Length, plaintext.Length + TagSize, nameof(output));
        fixed (byte* c = output, m = plaintext, ad = associatedData, npub = nonce, k = key)
        {
            _ = crypto_aead_xchacha20poly1305_ietf_encrypt(
                c, null, m, (ulong)plaintext.Length, ad, (ulong)associatedData.Length, null, npub, k);
        }
    }

    /// <summary>The reverse of <see cref="XSeal"/>; false as in <see cref="TryOpen(ReadOnlySpan{byte}, ulong, ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte})"/>.</summary>
    public static bool TryXOpen(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        ThrowIfNotKey(key);
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, XNonceSize, nameof(nonce));
        if (ciphertext.Length < TagSize)
        {
            return false;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(plaintext.Length, ciphertext.Length - TagSize, nameof(plaintext));
        fixed (byte* m = plaintext, c = ciphertext, ad = associatedData, npub = nonce, k = key)
        {
            return crypto_aead_xchacha20poly1305_ietf_decrypt(
                m, null, null, c, (ulong)ciphertext.Length, ad, (ulong)associatedData.Length, npub, k) == 0;
        }
    }

    private static void WriteNonce(Span<byte> nonce, ulong counter)
    {
        nonce[..4].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce[4..], counter);
    }

    private static void ThrowIfNotKey(ReadOnlySpan<byte> key) =>
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeySize, nameof(key));

    private static bool Initialize()
    {
        foreach (string fileName in FileNames)
        {
            if (NativeLibrary.TryLoad(fileName, out nint handle))
            {
                NativeLibrary.SetDllImportResolver(
                    typeof(Sodium).Assembly,
                    (string name, Assembly _, DllImportSearchPath? _) => string.Equals(name, Library, StringComparison.Ordinal) ? handle : 0);
                return sodium_init() >= 0; // 1: somebody else in this process did it already
            }
        }

        return false;
    }

    [LibraryImport(Library)]
    private static partial int sodium_init();

    [LibraryImport(Library)]
    private static partial int crypto_scalarmult_curve25519_base(byte* q, byte* n);

    [LibraryImport(Library)]
    private static partial int crypto_scalarmult_curve25519(byte* q, byte* n, byte* p);

    [LibraryImport(Library)]
    private static partial int crypto_aead_chacha20poly1305_ietf_encrypt(
        byte* c, ulong* clen, byte* m, ulong mlen, byte* ad, ulong adlen, byte* nsec, byte* npub, byte* k);

    [LibraryImport(Library)]
    private static partial int crypto_aead_chacha20poly1305_ietf_decrypt(
        byte* m, ulong* mlen, byte* nsec, byte* c, ulong clen, byte* ad, ulong adlen, byte* npub, byte* k);

    [LibraryImport(Library)]
    private static partial int crypto_aead_xchacha20poly1305_ietf_encrypt(
        byte* c, ulong* clen, byte* m, ulong mlen, byte* ad, ulong adlen, byte* nsec, byte* npub, byte* k);

    [LibraryImport(Library)]
    private static partial int crypto_aead_xchacha20poly1305_ietf_decrypt(
        byte* m, ulong* mlen, byte* nsec, byte* c, ulong clen, byte* ad, ulong adlen, byte* npub, byte* k);
}
