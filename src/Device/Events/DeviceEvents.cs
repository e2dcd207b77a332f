using System.Net;
using WgNet.Learning;
using WgNet.Linux;
using WgNet.Routing;
using WgNet.Udp;

namespace WgNet.Device.Events;

/// <summary>
/// Where everything goes through that others may want to hear of, a method a kind. All have an authenticated or an administrative
/// cause, so that strangers cannot flood it. Called on any thread, by workers and under locks, too: with nobody subscribed it is one
/// volatile read, otherwise an object and a short lock a subscriber; it never waits for one. What a restart should not undo is
/// reported to the <paramref name="state"/>, too.
/// </summary>
/// <param name="wakeBy">Has <see cref="TellHeld"/> called at that time, of <see cref="Clock.BootTime"/>.</param>
internal sealed class DeviceEvents(StateKeeper? state = null, Action<long>? wakeBy = null) : ILearnObserver<Peer>
{
    /// <summary>More at a time are refused.</summary>
    public const int MostSubscribers = 64;

    private readonly Lock _lock = new();

    // Null while nobody listens. Changed under the lock.
    private volatile Audience? _audience;
    private bool _isClosed;

    /// <summary>Whether anybody listens: asked before an event is looked for that costs something to find.</summary>
    public bool HasSubscribers => _audience is not null;

    /// <summary>Everything from now on; null if there are too many subscribers.</summary>
    public EventSubscription? Subscribe()
    {
        lock (_lock)
        {
            EventSubscription[] before = _audience?.Members ?? [];
            if (before.Length >= MostSubscribers || _isClosed)
            {
                return null;
            }

            var added = new EventSubscription(this);
            _audience = new Audience([.. before, added], _audience?.Held ?? new HeldEvents());
            return added;
        }
    }

    public void Unsubscribe(EventSubscription subscription)
    {
        lock (_lock)
        {
            if (_audience is { } audience)
            {
                EventSubscription[] left = Array.FindAll(audience.Members, member => member != subscription);
                _audience = left.Length > 0 ? audience with { Members = left } : null;
            }
        }
    }

    /// <summary>Ends all subscriptions, and lets nobody subscribe any more.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            Array.ForEach(_audience?.Members ?? [], member => member.Complete());
            _audience = null;
        }
    }

    /// <inheritdoc/>
    public void Began(Peer peer, UInt128 address, bool isRestored)
    {
        state?.Note(StateMark.Changed);
        if (_audience is { } audience)
        {
            audience.Tell(About(DeviceEventKind.Learned, peer) with { Address = IPv6(address), Reason = isRestored ? "given" : "packet" });
        }
    }

    /// <inheritdoc/>
    public void Ended(Peer peer, UInt128 address, LearnedEnd why)
    {
        state?.Note(StateMark.Changed);
        if (_audience is { } audience)
        {
            (DeviceEventKind kind, string? reason) = why switch
            {
                LearnedEnd.Expired => (DeviceEventKind.Expired, (string?)null),
                LearnedEnd.Evicted => (DeviceEventKind.Evicted, null),
                LearnedEnd.Forgotten => (DeviceEventKind.Forgotten, null),
                LearnedEnd.PeerRemoved => (DeviceEventKind.Contradicted, "peer_removed"),
                _ => (DeviceEventKind.Contradicted, "configuration"),
            };
            audience.Tell(About(kind, peer) with { Address = IPv6(address), Reason = reason });
        }
    }

    public void Pinned(Peer peer, UInt128 address) => TellPin(DeviceEventKind.Pinned, peer, address);

    public void Unpinned(Peer peer, UInt128 address) => TellPin(DeviceEventKind.Unpinned, peer, address);

    /// <summary>A packet of the peer was dropped for its source. Told once in ten seconds a peer and verdict: see <see cref="EventLimits"/>.</summary>
    /// <param name="owner">With <see cref="SourceVerdict.Conflict"/>, the peer that has the address.</param>
    /// <param name="now">Of <see cref="Clock.BootTime"/>.</param>
    public void Refused(Peer peer, SourceVerdict verdict, in IpPacket header, Peer? owner, long now)
    {
        if (_audience is not { } audience)
        {
            return;
        }

        int kind = (int)verdict;
        EventLimits limits = audience.LimitsOf(peer);
        EventTurn turn = limits.Take(kind, now);
        if (turn != EventTurn.Count)
        {
            bool isConflict = verdict == SourceVerdict.Conflict;
            DeviceEvent happened = About(isConflict ? DeviceEventKind.Conflict : DeviceEventKind.Refused, peer) with
            {
                Address = header.IsIPv4 ? IpPrefix.ToAddress(header.IPv4Source, isIPv4: true) : IPv6(header.IPv6Source),
                Owner = owner?.Session.RemoteStatic,
                Reason = isConflict ? null : DropCounters.NameOf(verdict),
                Number = 1,
            };
            TellOrHold(audience, limits, kind, turn, happened);
        }
    }

    public void PeerAdded(Peer peer) => _audience?.Tell(About(DeviceEventKind.PeerAdded, peer));

    public void PeerRemoved(Peer peer)
    {
        state?.Note(StateMark.Changed);
        if (_audience is { } audience)
        {
            // It is not heard of any more after this.
            for (int kind = 0; kind < EventLimits.Kinds; kind++)
            {
                audience.TellHeld(peer, kind, Clock.BootTime);
            }

            audience.Tell(About(DeviceEventKind.PeerRemoved, peer));
        }
    }

    /// <param name="isInitiator">Whether this side asked for the handshake.</param>
    public void HandshakeCompleted(Peer peer, bool isInitiator)
    {
        state?.Note(StateMark.Aged);
        if (_audience is { } audience)
        {
            audience.Tell(About(DeviceEventKind.HandshakeCompleted, peer) with
            {
                Endpoint = peer.Endpoint,
                Reason = isInitiator ? "initiated" : "answered",
            });
        }
    }

    /// <summary>
    /// The peer roamed. Told when it had no endpoint before, and else once in ten seconds a peer, since it may roam with every packet.
    /// </summary>
    public void Roamed(Peer peer, Endpoint to, bool isFirst, long now)
    {
        state?.Note(isFirst ? StateMark.Changed : StateMark.Moved);
        if (_audience is not { } audience)
        {
            return;
        }

        EventLimits limits = audience.LimitsOf(peer);
        EventTurn turn = isFirst ? EventTurn.Tell : limits.Take(EventLimits.Endpoint, now);
        if (turn != EventTurn.Count)
        {
            DeviceEvent happened = About(DeviceEventKind.EndpointChanged, peer) with { Endpoint = to, Reason = "packet", Number = 1 };
            TellOrHold(audience, limits, EventLimits.Endpoint, turn, happened);
        }
    }

    public void EndpointConfigured(Peer peer, Endpoint to)
    {
        state?.Note(StateMark.Changed);
        if (_audience is { } audience)
        {
            audience.Tell(About(DeviceEventKind.EndpointChanged, peer) with { Endpoint = to, Reason = "configuration" });
        }
    }

    /// <summary>
    /// The peer is tried at another address of its name: each ten seconds at most, while it answers nowhere. Where it answers will be
    /// written with the handshake.
    /// </summary>
    public void EndpointResolved(Peer peer, Endpoint to) =>
        _audience?.Tell(About(DeviceEventKind.EndpointChanged, peer) with { Endpoint = to, Reason = "name" });

    /// <param name="number">The prefixes that the peer has now.</param>
    public void AllowedIpsChanged(Peer peer, int number) => TellPrefixes(peer, "allowed_ips", number);

    /// <inheritdoc cref="AllowedIpsChanged"/>
    public void LearnableIpsChanged(Peer peer, int number) => TellPrefixes(peer, "learnable_ips", number);

    /// <summary>Tells what was held back until now.</summary>
    /// <returns>When something is to be told next; <see cref="long.MaxValue"/> while nothing is held back.</returns>
    public long TellHeld(long now)
    {
        if (_audience is not { } audience)
        {
            return long.MaxValue;
        }

        while (audience.Held.TryTake(now, out (Peer Peer, int Kind) held))
        {
            audience.TellHeld(held.Peer, held.Kind, now);
        }

        return audience.Held.Due;
    }

    /// <summary>As it is.</summary>
    internal void Tell(DeviceEvent happened) => _audience?.Tell(happened);

    private void TellOrHold(Audience audience, EventLimits limits, int kind, EventTurn turn, DeviceEvent happened)
    {
        if (turn == EventTurn.Tell)
        {
            audience.Tell(happened);
        }
        else
        {
            long due = limits.Hold(kind, happened);
            wakeBy?.Invoke(due);
        }
    }

    private void TellPrefixes(Peer peer, string which, int number)
    {
        if (_audience is { } audience)
        {
            audience.Tell(About(DeviceEventKind.AllowedIpsChanged, peer) with { Reason = which, Number = number });
        }
    }

    private void TellPin(DeviceEventKind kind, Peer peer, UInt128 address)
    {
        state?.Note(StateMark.Changed);
        if (_audience is { } audience)
        {
            audience.Tell(About(kind, peer) with { Address = IPv6(address) });
        }
    }

    private static DeviceEvent About(DeviceEventKind kind, Peer peer) =>
        new(kind) { WallTime = Clock.WallTime, Peer = peer.Session.RemoteStatic };

    private static IPAddress IPv6(UInt128 address) => IpPrefix.ToAddress(address, isIPv4: false);

    /// <summary>Who listens. Immutable.</summary>
    /// <param name="Held">The same for as long as anybody listens.</param>
    private sealed record Audience(EventSubscription[] Members, HeldEvents Held)
    {
        public void Tell(DeviceEvent happened)
        {
            foreach (EventSubscription member in Members)
            {
                member.Offer(happened);
            }
        }

        /// <summary>As of now, if any is held back: a peer that roamed is where it is by now.</summary>
        public void TellHeld(Peer peer, int kind, long now)
        {
            if (peer.EventLimits is { } limits && limits.Held == Held && limits.Release(kind, now) is { } happened)
            {
                Tell(happened with
                {
                    WallTime = Clock.WallTime,
                    Endpoint = happened.Endpoint is null ? null : peer.Endpoint ?? happened.Endpoint,
                });
            }
        }

        // Two threads may make them at once: one count is lost, and one event too many told.
        public EventLimits LimitsOf(Peer peer) =>
            peer.EventLimits is { } limits && limits.Held == Held ? limits : peer.EventLimits = new EventLimits(peer, Held);
    }
}
