namespace WgNet.Protocol;

/// <content>Sending handshakes, and what their end means to timers and keypairs.</content>
public sealed partial class Session
{
    /// <summary>
    /// Asked before a handshake is requested for other reasons than a retry: begins a new series of attempts, and tells whether
    /// <see cref="TryCreateInitiation"/> would be too soon anyway. Takes no lock.
    /// </summary>
    public bool MayInitiate(long now)
    {
        if (_dead)
        {
            return false;
        }

        _timers.ForgetAttempts();
        return Durations.HasExpired(Volatile.Read(ref _lastSentHandshake), _table.Durations.RekeyTimeout, now);
    }

    /// <summary>
    /// Creates an initiation. False if there is nothing to send: one was sent less than RekeyTimeout ago, or a key is
    /// missing. Then, too, the retransmit timer runs, so that a key set meanwhile takes effect and staged packets do not
    /// wait for ever.
    /// </summary>
    /// <param name="isRetry">From <see cref="SessionActions.SendInitiationRetry"/>: counts as another attempt of the series.</param>
    /// <param name="message">148 bytes.</param>
    public bool TryCreateInitiation(long now, long wallTime, bool isRetry, Span<byte> message)
    {
        message = message[..HandshakeInitiation.Size];
        lock (_table.HandshakeLock)
        {
            if (_dead)
            {
                return false;
            }

            if (!isRetry)
            {
                _timers.ForgetAttempts();
            }

            if (!Durations.HasExpired(_lastSentHandshake, _table.Durations.RekeyTimeout, now))
            {
                if (isRetry)
                {
                    // A response went out just now. The kernel's series of attempts ends here; ours is put off.
                    _timers.HandshakeInitiated(_lastSentHandshake);
                }

                return false;
            }

            _lastSentHandshake = now;
            _timers.HandshakeInitiated(now);
            if (_table.Identity is not { } identity
                || !_handshake.TryCreateInitiation(identity, NextTimestamp(wallTime), _table.Indices, this, new HandshakeInitiation(message)))
            {
                return false;
            }

            _cookies.AddMacs(message, now);
            return true;
        }
    }

    /// <summary>An initiation or a response left.</summary>
    public SessionActions HandshakeSent(long now)
    {
        if (_dead)
        {
            return SessionActions.None;
        }

        _timers.AnyAuthenticatedPacketSent();
        _timers.AnyAuthenticatedPacketTraversal(now);
        return WithSchedule(SessionActions.None);
    }

    /// <summary>Under the handshake lock: an authentic initiation was consumed; answers it.</summary>
    internal bool TryCreateResponse(long now, long wallTime, Span<byte> message)
    {
        AuthenticatedPacketReceived(now);
        if (!_handshake.TryCreateResponse(_table.Indices, this, new HandshakeResponse(message)))
        {
            return false;
        }

        _lastSentHandshake = now;
        _cookies.AddMacs(message, now);
        return BeginSession(now, wallTime);
    }

    /// <summary>Under the handshake lock: an authentic response was consumed.</summary>
    internal bool CompleteInitiation(long now, long wallTime)
    {
        AuthenticatedPacketReceived(now);
        if (!BeginSession(now, wallTime))
        {
            return false;
        }

        HandshakeComplete(wallTime);
        return true;
    }

    private bool BeginSession(long now, long wallTime)
    {
        Keypair? keypair = _handshake.BeginSession(_table.Durations, now, wallTime);
        if (keypair is null)
        {
            return false;
        }

        // First where its confirmation is looked for, then where packets find it.
        _keypairs.Add(keypair);
        keypair.Entry.Keypair = keypair;
        _timers.SessionDerived(now);
        return true;
    }

    private void HandshakeComplete(long wallTime)
    {
        _timers.HandshakeComplete();
        Volatile.Write(ref _sentLastMinuteHandshake, false);
        Volatile.Write(ref _lastHandshakeWallTime, wallTime);
        Interlocked.Increment(ref _handshakes);
    }

    private void AuthenticatedPacketReceived(long now)
    {
        _timers.AnyAuthenticatedPacketReceived();
        _timers.AnyAuthenticatedPacketTraversal(now);
    }

    /// <summary>
    /// Always above every timestamp that this peer was sent before, whatever the wall clock does: a clock that runs
    /// backward would otherwise lock us out until it had caught up.
    /// </summary>
    private long NextTimestamp(long wallTime)
    {
        long floor = Math.Max(_lastTimestamp, _table.TimestampFloor);
        long stamp = Math.Max(Tai64n.Whiten(Math.Max(wallTime, 0)), Tai64n.Next(floor));
        _lastTimestamp = stamp;
        _table.LastTimestamp = Math.Max(_table.LastTimestamp, stamp);
        return stamp;
    }
}
