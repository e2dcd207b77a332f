using WgNet.Learning;
using WgNet.Routing;
using WgNet.Udp;

namespace WgNet.Device;

/// <content>Whose an inside address is, and where a peer is outside: what the packet path asks and finds out.</content>
public sealed partial class WireGuardDevice
{
    /// <summary>The owner of an IPv4 destination.</summary>
    internal Peer? FindByDestination(uint destination) => _allowedIps.LookupIPv4(destination);

    /// <summary>The owner of an IPv6 destination: learned first, then AllowedIPs.</summary>
    /// <param name="key">Of the destination, from <see cref="Approach"/>.</param>
    internal Peer? FindByDestination(UInt128 destination, in SlotKey key, long now) =>
        _learner.Lookup(key, now) ?? _allowedIps.LookupIPv6(destination);

    /// <inheritdoc cref="AddressLearner{TPeer}.Approach"/>
    internal void Approach(ReadOnlySpan<UInt128> destinations, Span<SlotKey> keys) => _learner.Approach(destinations, keys);

    /// <summary>Whether <paramref name="peer"/> may use the packet's source; an IPv6 source may be learned here.</summary>
    internal SourceVerdict CheckSource(Peer peer, in IpPacket header, long now)
    {
        Peer? owner = null;
        SourceVerdict verdict = header.IsIPv4
            ? _allowedIps.LookupIPv4(header.IPv4Source) == peer ? SourceVerdict.Accepted : SourceVerdict.NotAllowed
            : _learner.CheckIPv6Source(peer.Learning, header.IPv6Source, now, out owner);
        switch (verdict)
        {
            case SourceVerdict.Accepted:
                break;
            case SourceVerdict.Learned:
                _timers.WakeBy(_learner.NextExpiry);
                break;
            case SourceVerdict.Conflict:
                LogConflict(peer, owner, header.IPv6Source, now);
                goto default;
            default:
                Events.Refused(peer, verdict, header, owner, now);
                break;
        }

        return verdict;
    }

    /// <summary>Where a worker counts the packets that it accepts from learned addresses; to be given back at its end.</summary>
    internal PacketTally CreateTally() => _learner.CreateTally();

    internal void ReturnTally(PacketTally tally) => _learner.ReturnTally(tally);

    /// <summary>An authentic packet of the peer came from there.</summary>
    internal void Roam(Peer peer, Endpoint to, long now)
    {
        Endpoint? before = peer.Endpoint;
        peer.Endpoint = to;

        // Another sticky source, our own end, is no move of the peer's.
        if (!to.Equals(before))
        {
            Events.Roamed(peer, to, isFirst: before is null, now);
        }
    }

    /// <summary>Forgets learned addresses that have aged; returns when to come again.</summary>
    internal long ExpireLearned(long now)
    {
        if (_learner.NextExpiry <= now)
        {
            _learner.Expire(now);
        }

        return Math.Max(_learner.NextExpiry, now + 1_000_000_000);
    }

    private void LogConflict(Peer peer, Peer? owner, UInt128 address, long now)
    {
        const long Interval = 10_000_000_000;
        if (!peer.TryLogConflict(now, Interval))
        {
            return;
        }

        Log.Error($"conflict: {peer.Session.RemoteStatic} sends from the inside address {IpPrefix.ToAddress(address, isIPv4: false)}, which {owner?.Session.RemoteStatic} uses; its packets from there are dropped");
    }
}
