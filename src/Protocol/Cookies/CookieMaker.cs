using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// The sending half of cookies (whitepaper 5.4.4, 5.4.7), one for a peer: puts mac1 and, while it holds a fresh cookie, mac2
/// into handshake messages, and takes cookies out of the peer's replies. Thread-safe.
/// </summary>
internal sealed class CookieMaker : IDisposable
{
    /// <summary>A cookie is not used in its last seconds: on its way the message would outlive the peer's secret.</summary>
    public const long Latency = 5 * Constants.Second;

    private const long MaxAge = CookieChecker.SecretMaxAge - Latency;

    private readonly IPrimitives _primitives;
    private readonly byte[] _mac1Key = new byte[Blake2s.HashSize];
    private readonly byte[] _cookieKey = new byte[Blake2s.HashSize];

    private readonly Lock _lock = new(); // guards everything below
    private readonly byte[] _lastMac1 = new byte[MessageMacs.MacSize];
    private readonly SecretMemory _cookie;
    private bool _expectsReply;
    private bool _disposed; // late callers find no cookie and leave none in memory that is somebody else's by then
    private bool _hasCookie;
    private long _cookieBirthdate;

    public CookieMaker(IPrimitives primitives, PublicKey remoteStatic)
    {
        _primitives = primitives;
        _cookie = primitives.AllocateSecret(MessageMacs.CookieSize);
        MessageMacs.DeriveMac1Key(remoteStatic, _mac1Key);
        MessageMacs.DeriveCookieKey(remoteStatic, _cookieKey);
    }

    /// <summary>Writes the last 32 bytes of <paramref name="message"/>, an otherwise complete initiation or response.</summary>
    public void AddMacs(Span<byte> message, long now)
    {
        lock (_lock)
        {
            MessageMacs.ComputeMac1(_mac1Key, message, _lastMac1);
            _lastMac1.CopyTo(message[^32..]);
            _expectsReply = !_disposed;

            if (_hasCookie && now - _cookieBirthdate < MaxAge)
            {
                MessageMacs.ComputeMac2(_cookie.Span, message, message[^16..]);
            }
            else
            {
                message[^16..].Clear();
            }
        }
    }

    /// <summary>
    /// Takes the cookie out of a reply's 24-byte nonce and 32-byte encrypted cookie. False if it does not answer the last
    /// message sent, or that message was answered already.
    /// </summary>
    public bool TryConsumeReply(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> encryptedCookie, long now)
    {
        Span<byte> cookie = stackalloc byte[MessageMacs.CookieSize];
        try
        {
            lock (_lock)
            {
                if (!_expectsReply || !_primitives.TryXOpen(_cookieKey, nonce, _lastMac1, encryptedCookie, cookie))
                {
                    return false;
                }

                cookie.CopyTo(_cookie.Span);
                _cookieBirthdate = now;
                _hasCookie = true;
                _expectsReply = false;
                return true;
            }
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
            _hasCookie = false;
            _expectsReply = false;
            _cookie.Dispose();
        }
    }
}
