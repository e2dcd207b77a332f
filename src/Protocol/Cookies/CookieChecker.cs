using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// The receiving half of cookies (whitepaper 5.3, 5.4.7), one for an interface: checks mac1 always and mac2 under load,
/// and makes the cookies. A cookie is a MAC over the sender's address and port under a secret that lives two minutes, so
/// nothing is remembered about senders. Thread-safe.
/// </summary>
internal sealed class CookieChecker : IDisposable
{
    /// <summary>Cookies end with the secret that they were made from, at most this long after they were made.</summary>
    public const long SecretMaxAge = 120 * Constants.Second;

    private const int SecretSize = 32;

    private readonly IPrimitives _primitives;
    private readonly Lock _lock = new();
    private readonly SecretMemory _secret; // guarded by _lock, as is its birthdate
    private long _secretBirthdate;
    private bool _hasSecret;
    private bool _disposed;
    private volatile Keys? _keys;

    public CookieChecker(IPrimitives primitives)
    {
        _primitives = primitives;
        _secret = primitives.AllocateSecret(SecretSize);
    }

    /// <summary>The interface's own public key, from which both keys come; null when it has none, and then every mac1 is wrong.</summary>
    public void SetPublicKey(PublicKey? publicKey) => _keys = publicKey is { } key ? new Keys(key) : null;

    /// <param name="message">An initiation or a response of its exact size.</param>
    public bool IsMac1Valid(ReadOnlySpan<byte> message) => _keys is { } keys && MessageMacs.IsMac1(keys.Mac1, message);

    /// <summary>Whether the sender proved with a cookie that it receives at <paramref name="source"/>, its address and port.</summary>
    public bool IsMac2Valid(ReadOnlySpan<byte> message, ReadOnlySpan<byte> source, long now)
    {
        Span<byte> cookie = stackalloc byte[MessageMacs.CookieSize];
        try
        {
            MakeCookie(source, now, cookie);
            return MessageMacs.IsMac2(cookie, message);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(cookie);
        }
    }

    /// <summary>
    /// Fills in a cookie reply: 24 bytes of <paramref name="nonce"/> and 32 of <paramref name="encryptedCookie"/>. It is bound
    /// to the mac1 of <paramref name="message"/>, so that only who saw that message can forge a reply to it.
    /// </summary>
    public void CreateReply(ReadOnlySpan<byte> message, ReadOnlySpan<byte> source, long now, Span<byte> nonce, Span<byte> encryptedCookie)
    {
        Keys keys = _keys ?? throw new InvalidOperationException("No message has a valid mac1 while there is no key.");
        Span<byte> cookie = stackalloc byte[MessageMacs.CookieSize];
        try
        {
            MakeCookie(source, now, cookie);
            _primitives.RandomBytes(nonce);
            _primitives.XSeal(keys.Cookie, nonce, MessageMacs.Mac1(message), cookie, encryptedCookie);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(cookie);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _secret.Dispose();
        }
    }

    private void MakeCookie(ReadOnlySpan<byte> source, long now, Span<byte> cookie)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_hasSecret || now - _secretBirthdate >= SecretMaxAge)
            {
                _primitives.RandomBytes(_secret.Span);
                _secretBirthdate = now;
                _hasSecret = true;
            }

            Blake2s.Mac(_secret.Span, source, cookie);
        }
    }

    // Made from public bytes, so no secrets themselves. Replaced as a whole: readers see both keys or neither.
    private sealed class Keys
    {
        public readonly byte[] Mac1 = new byte[Blake2s.HashSize];
        public readonly byte[] Cookie = new byte[Blake2s.HashSize];

        public Keys(PublicKey publicKey)
        {
            MessageMacs.DeriveMac1Key(publicKey, Mac1);
            MessageMacs.DeriveCookieKey(publicKey, Cookie);
        }
    }
}
