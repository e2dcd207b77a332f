using System.Runtime.CompilerServices;

namespace WgNet.Protocol;

/// <summary>
/// A session's five timers, named and driven as in the kernel's timers.c (section 6). A timer is a deadline in a long:
/// packet threads move it with plain atomic stores, and whoever polls sees which ones are over. When two threads race,
/// one of two deadlines that were both right a moment ago wins.
/// </summary>
internal sealed class Timers(Durations durations, uint seed)
{
    public const long Off = long.MaxValue;

    private long _retransmitHandshake = Off;
    private long _sendKeepalive = Off;
    private long _newHandshake = Off;
    private long _zeroKeyMaterial = Off;
    private long _persistentKeepalive = Off;

    private long _persistentKeepaliveInterval;
    private int _handshakeAttempts;
    private bool _needAnotherKeepalive;
    private uint _jitter = seed | 1;

    public long NextDeadline
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            long handshakes = Math.Min(Volatile.Read(ref _retransmitHandshake), Volatile.Read(ref _newHandshake));
            long keepalives = Math.Min(Volatile.Read(ref _sendKeepalive), Volatile.Read(ref _persistentKeepalive));
            return Math.Min(Math.Min(handshakes, keepalives), Volatile.Read(ref _zeroKeyMaterial));
        }
    }

    /// <summary>In nanoseconds; 0 turns it off.</summary>
    public void SetPersistentKeepalive(long interval)
    {
        Volatile.Write(ref _persistentKeepaliveInterval, interval);
        Volatile.Write(ref _persistentKeepalive, Off);
    }

    /// <summary>A packet with content was sent: an answer, be it a keepalive, is due.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void DataSent(long now)
    {
        if (Volatile.Read(ref _newHandshake) == Off)
        {
            Volatile.Write(ref _newHandshake, now + durations.NewHandshake + Jitter());
        }
    }

    /// <summary>A packet with content was received: unless something goes back anyway, a keepalive does, and for more than one another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void DataReceived(long now, bool isMoreThanOne)
    {
        bool isFirst = Volatile.Read(ref _sendKeepalive) == Off;
        if (isFirst)
        {
            Volatile.Write(ref _sendKeepalive, now + durations.Keepalive);
        }

        if (!isFirst || isMoreThanOne)
        {
            Volatile.Write(ref _needAnotherKeepalive, true);
        }
    }

    public void AnyAuthenticatedPacketSent() => TurnOff(ref _sendKeepalive);

    public void AnyAuthenticatedPacketReceived() => TurnOff(ref _newHandshake);

    /// <summary>Either direction.</summary>
    public void AnyAuthenticatedPacketTraversal(long now)
    {
        long interval = Volatile.Read(ref _persistentKeepaliveInterval);
        if (interval != 0)
        {
            Volatile.Write(ref _persistentKeepalive, now + interval);
        }
    }

    public void HandshakeInitiated(long now) => Volatile.Write(ref _retransmitHandshake, now + durations.RekeyTimeout + Jitter());

    public void HandshakeComplete()
    {
        TurnOff(ref _retransmitHandshake);
        ForgetAttempts();
    }

    public void ForgetAttempts() => Volatile.Write(ref _handshakeAttempts, 0);

    public void SessionDerived(long now) => Volatile.Write(ref _zeroKeyMaterial, now + durations.ZeroKeyMaterial);

    public void Stop()
    {
        TurnOff(ref _retransmitHandshake);
        TurnOff(ref _sendKeepalive);
        TurnOff(ref _newHandshake);
        TurnOff(ref _zeroKeyMaterial);
        TurnOff(ref _persistentKeepalive);
        Volatile.Write(ref _needAnotherKeepalive, false);
        ForgetAttempts();
    }

    /// <summary>Runs the timers that are over.</summary>
    /// <param name="zeroKeyMaterial">True when the session must wipe its handshake and its keypairs.</param>
    public SessionActions Poll(long now, out bool zeroKeyMaterial)
    {
        var actions = SessionActions.None;
        if (Expires(ref _retransmitHandshake, now))
        {
            actions |= RetransmitHandshake(now);
        }

        if (Expires(ref _sendKeepalive, now))
        {
            actions |= SessionActions.SendKeepalive;
            if (Volatile.Read(ref _needAnotherKeepalive))
            {
                Volatile.Write(ref _needAnotherKeepalive, false);
                Volatile.Write(ref _sendKeepalive, now + durations.Keepalive);
            }
        }

        if (Expires(ref _newHandshake, now))
        {
            actions |= SessionActions.SendInitiation | SessionActions.ClearEndpointSource;
        }

        if (Expires(ref _persistentKeepalive, now))
        {
            actions |= SessionActions.SendKeepalive;
            // Armed again here and not only by the packet, which may have to wait for a handshake.
            AnyAuthenticatedPacketTraversal(now);
        }

        zeroKeyMaterial = Expires(ref _zeroKeyMaterial, now);
        return actions;
    }

    private SessionActions RetransmitHandshake(long now)
    {
        if (Volatile.Read(ref _handshakeAttempts) <= durations.MaxTimerHandshakes)
        {
            Interlocked.Increment(ref _handshakeAttempts);
            return SessionActions.SendInitiationRetry | SessionActions.ClearEndpointSource;
        }

        TurnOff(ref _sendKeepalive);
        // Whatever is left of an unfinished handshake goes too, though no session was derived.
        if (Volatile.Read(ref _zeroKeyMaterial) == Off)
        {
            Volatile.Write(ref _zeroKeyMaterial, now + durations.ZeroKeyMaterial);
        }

        return SessionActions.DropStaged;
    }

    private static bool Expires(ref long timer, long now)
    {
        long deadline = Volatile.Read(ref timer);
        return now >= deadline && Interlocked.CompareExchange(ref timer, Off, deadline) == deadline;
    }

    /// <summary>Reads first: the packet path turns off what is off already, and must not dirty the line for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnOff(ref long timer)
    {
        if (Volatile.Read(ref timer) != Off)
        {
            Volatile.Write(ref timer, Off);
        }
    }

    /// <summary>0 to 333 ms (xorshift32: it only has to differ between peers, and packet threads call this).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long Jitter()
    {
        uint x = Volatile.Read(ref _jitter);
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        Volatile.Write(ref _jitter, x);
        return (long)((ulong)x * (ulong)Constants.RekeyTimeoutJitter >> 32);
    }
}
