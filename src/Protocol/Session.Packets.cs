using System.Runtime.CompilerServices;

namespace WgNet.Protocol;

/// <content>The packet path and the timers: no allocation, and no lock but when a keypair is confirmed.</content>
public sealed partial class Session
{
    /// <summary>The keypair to send with; null if there is none that may send: stage the packet and ask for a handshake.</summary>
    public Keypair? SendingKeypair(long now)
    {
        Keypair? current = _keypairs.Current;
        return current is not null && current.CanSend(now) ? current : null;
    }

    /// <summary>After a batch of data messages was sent.</summary>
    /// <param name="isKeepalive">True if none of them had content.</param>
    public SessionActions DataSent(Keypair keypair, bool isKeepalive, long now)
    {
        if (_dead)
        {
            return SessionActions.None;
        }

        _timers.AnyAuthenticatedPacketTraversal(now);
        _timers.AnyAuthenticatedPacketSent();
        if (!isKeepalive)
        {
            _timers.DataSent(now);
        }

        return WithSchedule(keypair.WantsRekey(now) ? SessionActions.SendInitiation : SessionActions.None);
    }

    /// <summary>After data messages under one keypair were opened: one, or a batch of them.</summary>
    /// <param name="withContent">How many of them had content. A keepalive is never answered, lest two idle peers keep each other awake.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SessionActions DataReceived(Keypair keypair, int withContent, long now)
    {
        if (_dead)
        {
            return SessionActions.None;
        }

        var actions = SessionActions.None;
        if (_keypairs.TryConfirm(keypair))
        {
            HandshakeComplete(keypair.WallTimeOffset + now);
            actions |= SessionActions.SendStaged;
        }

        if (NeedsLastMinuteHandshake(now))
        {
            actions |= SessionActions.SendInitiation;
        }

        AuthenticatedPacketReceived(now);
        if (withContent > 0)
        {
            _timers.DataReceived(now, isMoreThanOne: withContent > 1);
        }

        return WithSchedule(actions);
    }

    /// <summary>Runs the timers that are over. Too early is harmless: nothing happens.</summary>
    public SessionActions Poll(long now)
    {
        if (_dead)
        {
            return SessionActions.None;
        }

        SessionActions actions = _timers.Poll(now, out bool zeroKeyMaterial);
        if (zeroKeyMaterial)
        {
            lock (_table.HandshakeLock)
            {
                _handshake.Clear(_table.Indices);
                _keypairs.Clear();
            }
        }

        return WithSchedule(actions);
    }

    /// <summary>
    /// Data arrives with keys so old that the answer may find them expired: renew them, once per keypair.
    /// The initiator's task alone; the responder's would collide with it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool NeedsLastMinuteHandshake(long now)
    {
        if (Volatile.Read(ref _sentLastMinuteHandshake)
            || _keypairs.Current is not { IsInitiator: true } current
            || !current.CanSend(now)
            || !Durations.HasExpired(current.Birthdate, _table.Durations.LastMinute, now))
        {
            return false;
        }

        Volatile.Write(ref _sentLastMinuteHandshake, true);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private SessionActions WithSchedule(SessionActions actions) =>
        NextDeadline < ScheduledFor ? actions | SessionActions.Reschedule : actions;
}
