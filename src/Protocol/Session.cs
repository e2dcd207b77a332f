using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// One peer's protocol state: its handshake, keypairs, timers and cookies. Configuration and handshakes are guarded by
/// the table's handshake lock; the packet path (<c>Session.Packets.cs</c>) takes no lock but when keypairs rotate.
/// </summary>
public sealed partial class Session : IDisposable
{
    private readonly SessionTable _table;
    private readonly Handshake _handshake;
    private readonly Keypairs _keypairs;
    private readonly Timers _timers;
    private readonly CookieMaker _cookies;
    private long _lastSentHandshake = Durations.Never;
    private long _lastTimestamp;
    private long _lastHandshakeWallTime;
    private long _handshakes;
    private long _scheduledFor = long.MaxValue;
    private ushort _persistentKeepalive;
    private bool _sentLastMinuteHandshake;
    private volatile bool _dead;

    internal Session(SessionTable table, PublicKey remoteStatic, object? owner)
    {
        _table = table;
        RemoteStatic = remoteStatic;
        Owner = owner;
        Span<byte> seed = stackalloc byte[sizeof(uint)];
        table.Primitives.RandomBytes(seed);
        _timers = new Timers(table.Durations, BitConverter.ToUInt32(seed));
        _keypairs = new Keypairs(table.Indices);
        _handshake = new Handshake(table.Primitives, remoteStatic);
        _cookies = new CookieMaker(table.Primitives, remoteStatic);
        // A peer that was removed and added again must not begin below what it sent before.
        _lastTimestamp = table.LastTimestamp;
    }

    public PublicKey RemoteStatic { get; }

    /// <summary>The device's peer.</summary>
    public object? Owner { get; }

    /// <summary>Seconds; 0 is off.</summary>
    public ushort PersistentKeepalive => Volatile.Read(ref _persistentKeepalive);

    /// <summary>When a handshake was last completed, nanoseconds since the Unix epoch; 0 for never.</summary>
    public long LastHandshakeWallTime => Volatile.Read(ref _lastHandshakeWallTime);

    /// <summary>How many handshakes were completed, from either side.</summary>
    public long Handshakes => Volatile.Read(ref _handshakes);

    /// <summary>When <see cref="Poll"/> must run next; <see cref="long.MaxValue"/> when no timer is armed, so that idle costs nothing.</summary>
    public long NextDeadline => _dead ? long.MaxValue : _timers.NextDeadline;

    /// <summary>
    /// When the device will call <see cref="Poll"/>; the device sets it, and returns to <see cref="NextDeadline"/> after a poll.
    /// Timers are lazy: they are put off all the time, and only one that comes earlier than this is worth a
    /// <see cref="SessionActions.Reschedule"/>.
    /// </summary>
    public long ScheduledFor
    {
        get => Volatile.Read(ref _scheduledFor);
        set => Volatile.Write(ref _scheduledFor, value);
    }

    internal Handshake Handshake => _handshake;

    internal CookieMaker Cookies => _cookies;

    internal Keypairs Keypairs => _keypairs;

    /// <summary>All zero removes it. A changed key takes effect at once: no handshake in flight and no keypair outlives it.</summary>
    public void SetPresharedKey(ReadOnlySpan<byte> key, long now)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, Key.Size, nameof(key));
        lock (_table.HandshakeLock)
        {
            if (!_dead && !CryptographicOperations.FixedTimeEquals(_handshake.PresharedKey, key))
            {
                key.CopyTo(_handshake.PresharedKey);
                ExpireKeypairs(now);
            }
        }
    }

    /// <summary>False, with zeros copied, if there is none.</summary>
    public bool CopyPresharedKey(Span<byte> destination)
    {
        lock (_table.HandshakeLock)
        {
            if (_dead)
            {
                destination[..Key.Size].Clear();
                return false;
            }

            _handshake.PresharedKey.CopyTo(destination);
            Key zero = default;
            return !CryptographicOperations.FixedTimeEquals(_handshake.PresharedKey, zero);
        }
    }

    /// <summary>0 turns it off; turning it on asks for the first one at once.</summary>
    public SessionActions SetPersistentKeepalive(ushort seconds, long now)
    {
        ushort before = PersistentKeepalive;
        Volatile.Write(ref _persistentKeepalive, seconds);
        if (seconds == before)
        {
            return SessionActions.None;
        }

        _timers.SetPersistentKeepalive(seconds * Constants.Second);
        _timers.AnyAuthenticatedPacketTraversal(now);
        return WithSchedule(before == 0 ? SessionActions.SendKeepalive : SessionActions.None);
    }

    /// <summary>A key has changed: handshakes in flight are void, no keypair sends any more, and a new initiation may leave at once.</summary>
    public void ExpireKeypairs(long now)
    {
        lock (_table.HandshakeLock)
        {
            _handshake.Clear(_table.Indices);
            _lastSentHandshake = now - _table.Durations.RekeyTimeout;
            _keypairs.ExpireSending();
        }
    }

    /// <summary>The interface goes down: handshake, keypairs and timers are wiped. Configuration stays.</summary>
    public void Clear()
    {
        lock (_table.HandshakeLock)
        {
            _handshake.Clear(_table.Indices);
            _keypairs.Clear();
            _timers.Stop();
            _lastSentHandshake = Durations.Never;
            Volatile.Write(ref _sentLastMinuteHandshake, false);
        }
    }

    /// <summary>Also leaves the table. Packet threads that still hold this session or a keypair of it fail cleanly.</summary>
    public void Dispose() => _table.Remove(this);

    /// <summary>Under the handshake lock, once.</summary>
    internal void Kill()
    {
        if (!_dead)
        {
            Clear();
            _dead = true;
            _handshake.Dispose();
            _cookies.Dispose();
        }
    }

    /// <summary>Under the handshake lock: the static keys have changed.</summary>
    internal void PrecomputeStaticStatic(StaticIdentity? identity)
    {
        Span<byte> remote = stackalloc byte[Key.Size];
        RemoteStatic.CopyTo(remote);
        // Our own key as a peer gets none: a session with ourselves could only loop.
        bool has = identity is not null
            && identity.PublicKey != RemoteStatic
            && _table.Primitives.TryX25519(identity.PrivateKey, remote, _handshake.StaticStatic);
        if (!has)
        {
            CryptographicOperations.ZeroMemory(_handshake.StaticStatic);
        }
    }
}
