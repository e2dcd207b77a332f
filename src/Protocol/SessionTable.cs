using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// Everything of the protocol that belongs to one interface: the static identity, the sessions by public key, the
/// indices, the cookie checker and the rate limiter. All members are thread-safe.
/// </summary>
/// <remarks>
/// One lock, <see cref="HandshakeLock"/>, guards static keys and every session's handshake; it is held for one message's
/// public-key operations at most. Packets never take it: <see cref="FindKeypair"/> waits for nobody.
/// Lock order: handshake lock, then a session's keypair rotation.
/// </remarks>
public sealed partial class SessionTable : IDisposable
{
    private readonly ConcurrentDictionary<PublicKey, Session> _sessions = new();
    private readonly CookieChecker _cookieChecker;
    private readonly RateLimiter _rateLimiter;
    private StaticIdentity? _identity;
    private long _timestampFloor;
    private long _lastTimestamp;

    public SessionTable(IPrimitives primitives, ProtocolOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(primitives);
        Primitives = primitives;
        Durations = new Durations(options ?? new ProtocolOptions());
        Indices = new IndexTable(primitives);
        _cookieChecker = new CookieChecker(primitives);
        _rateLimiter = new RateLimiter(primitives);
    }

    /// <summary>Zero without a private key.</summary>
    public PublicKey PublicKey => Identity?.PublicKey ?? default;

    public bool HasPrivateKey => Identity is not null;

    /// <summary>
    /// No initiation carries a timestamp at or below this (nanoseconds since the epoch): <see cref="LastTimestamp"/> as the
    /// device persisted it, so that stamps never decrease across restarts.
    /// </summary>
    public long TimestampFloor
    {
        get => Volatile.Read(ref _timestampFloor);
        set => Volatile.Write(ref _timestampFloor, value);
    }

    /// <summary>The highest timestamp given to an initiation; 0 for none.</summary>
    public long LastTimestamp
    {
        get => Volatile.Read(ref _lastTimestamp);
        internal set => Volatile.Write(ref _lastTimestamp, value);
    }

    internal IPrimitives Primitives { get; }

    internal Durations Durations { get; }

    internal IndexTable Indices { get; }

    internal Lock HandshakeLock { get; } = new();

    internal StaticIdentity? Identity => Volatile.Read(ref _identity);

    /// <summary>32 bytes; zeros without a private key.</summary>
    public void CopyPrivateKey(Span<byte> destination)
    {
        lock (HandshakeLock)
        {
            if (_identity is null)
            {
                destination[..Key.Size].Clear();
            }
            else
            {
                _identity.PrivateKey.CopyTo(destination);
            }
        }
    }

    /// <summary>
    /// Sets or, all zero, removes the private key, at once for every session: static-static secrets are recomputed,
    /// handshakes in flight void, keypairs expired, cookies' keys renewed.
    /// </summary>
    public void SetPrivateKey(ReadOnlySpan<byte> privateKey, long now)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(privateKey.Length, Key.Size, nameof(privateKey));
        Key zero = default;
        bool remove = CryptographicOperations.FixedTimeEquals(privateKey, zero);
        lock (HandshakeLock)
        {
            StaticIdentity? identity = remove ? null : new StaticIdentity(Primitives, privateKey);
            if (identity is not null && _identity is not null
                && CryptographicOperations.FixedTimeEquals(identity.PrivateKey, _identity.PrivateKey))
            {
                identity.Dispose();
                return;
            }

            StaticIdentity? before = _identity;
            Volatile.Write(ref _identity, identity);
            _cookieChecker.SetPublicKey(identity?.PublicKey);
            foreach (Session session in _sessions.Values)
            {
                session.PrecomputeStaticStatic(identity);
                session.ExpireKeypairs(now);
            }

            before?.Dispose();
        }
    }

    /// <summary>The session of a peer's key; the existing one if there is.</summary>
    /// <param name="owner">The device's peer.</param>
    public Session Add(PublicKey remoteStatic, object? owner)
    {
        lock (HandshakeLock)
        {
            if (_sessions.TryGetValue(remoteStatic, out Session? existing))
            {
                return existing;
            }

            var session = new Session(this, remoteStatic, owner);
            session.PrecomputeStaticStatic(_identity);
            _sessions[remoteStatic] = session;
            return session;
        }
    }

    /// <summary>Forgets the session's key and indices and wipes its secrets. Once more is harmless.</summary>
    public void Remove(Session session)
    {
        ArgumentNullException.ThrowIfNull(session);
        lock (HandshakeLock)
        {
            _sessions.TryRemove(new KeyValuePair<PublicKey, Session>(session.RemoteStatic, session));
            session.Kill();
        }
    }

    public Session? Find(PublicKey key) => _sessions.TryGetValue(key, out Session? session) ? session : null;

    /// <summary>The keypair that a data message is for. Lock-free, allocates nothing.</summary>
    public Keypair? FindKeypair(uint localIndex) => Indices.Find(localIndex)?.Keypair;

    public void Dispose()
    {
        lock (HandshakeLock)
        {
            foreach (Session session in _sessions.Values)
            {
                Remove(session);
            }

            _identity?.Dispose();
            Volatile.Write(ref _identity, null);
            _cookieChecker.Dispose();
        }
    }
}
