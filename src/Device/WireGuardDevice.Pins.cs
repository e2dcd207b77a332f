using WgNet.Learning;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Routing;

namespace WgNet.Device;

/// <content>
/// Learned addresses that an administrator keeps. Whether one may be pinned depends on peers, prefixes and limits, so that an update
/// with pins changes none of these, and what was judged before it is applied holds until it is.
/// </content>
public sealed partial class WireGuardDevice
{
    private void ValidatePins(DeviceUpdate update)
    {
        if (!update.Peers.Exists(peer => peer.Pin.Count > 0))
        {
            return;
        }

        if (update.ReplacePeers || update.PrivateKey is not null || update.Peers.Exists(ChangesWhatPinsDependOn))
        {
            throw new ConfigurationException(
                "addresses are pinned in a set of their own, which changes no peers, prefixes, limits or private key", Errno.EINVAL);
        }

        long now = Clock.BootTime;
        var pinned = new Dictionary<UInt128, PublicKey>();
        foreach (IGrouping<PublicKey, PeerUpdate> peer in update.Peers.GroupBy(peer => peer.PublicKey))
        {
            ValidatePins(peer.Key, [.. peer.SelectMany(part => part.Pin)], [.. peer.SelectMany(part => part.Unpin)], pinned, now);
        }
    }

    private void ValidatePins(PublicKey key, HashSet<UInt128> pin, HashSet<UInt128> unpin, Dictionary<UInt128, PublicKey> pinned, long now)
    {
        if (pin.Count == 0)
        {
            return;
        }

        if (!_peers.TryGetValue(key, out Peer? peer))
        {
            throw new ConfigurationException($"no address can be pinned for {key}: there is no such peer yet", Errno.EINVAL);
        }

        foreach (UInt128 address in pin)
        {
            SourceVerdict verdict = pinned.TryAdd(address, key) ? _learner.CheckPin(peer.Learning, address, now) : SourceVerdict.Conflict;
            if (verdict is not (SourceVerdict.Accepted or SourceVerdict.LearnLimited))
            {
                throw RefusedPin(peer, address, WhyNotPinned(verdict));
            }
        }

        // A pin gives way to nothing, everything else to a pin: so pins alone count.
        var kept = _learner.Learned(peer.Learning, now).Where(learned => learned.IsPinned).Select(learned => learned.Address).ToHashSet();
        kept.ExceptWith(unpin);
        kept.UnionWith(pin);
        if (kept.Count > peer.Learning.LearnLimit)
        {
            throw RefusedPin(peer, pin.First(), WhyNotPinned(SourceVerdict.LearnLimited));
        }
    }

    private static bool ChangesWhatPinsDependOn(PeerUpdate peer) =>
        peer.Remove || peer.ReplaceAllowedIps || peer.AllowedIps.Count > 0 || peer.ReplaceLearnableIps || peer.LearnableIps.Count > 0
        || peer.LearnLimit is not null;

    private static ConfigurationException RefusedPin(Peer peer, UInt128 address, string why) =>
        new($"{IpPrefix.ToAddress(address, isIPv4: false)} cannot be pinned for {peer.Session.RemoteStatic}, nothing changed: {why}", Errno.EINVAL);

    private static string WhyNotPinned(SourceVerdict verdict) => verdict switch
    {
        SourceVerdict.Conflict => "another peer has it",
        SourceVerdict.LearnLimited => "its LearnLimit has no room for it beside what else is pinned",
        SourceVerdict.NotLearnable => "it is no address that a host may have, or AllowedIPs give it to the peer already",
        _ => "it is in none of the peer's LearnableIPs, or AllowedIPs say more precisely whose it is",
    };

    // All that are given up come first: they make room.
    private void ApplyPins(DeviceUpdate update)
    {
        long now = Clock.BootTime;
        foreach (PeerUpdate changed in update.Peers)
        {
            foreach (UInt128 address in changed.Unpin)
            {
                if (_peers.TryGetValue(changed.PublicKey, out Peer? peer) && _learner.Unpin(peer.Learning, address, now))
                {
                    _timers.WakeBy(_learner.NextExpiry);
                    Events.Unpinned(peer, address);
                }
            }
        }

        foreach (PeerUpdate changed in update.Peers)
        {
            foreach (UInt128 address in changed.Pin)
            {
                Peer peer = _peers[changed.PublicKey];
                Pin(peer, address, now);
                Events.Pinned(peer, address);
            }
        }
    }

    // It was free a moment ago. Should a packet of another peer have been faster, the administrator's word counts more.
    private void Pin(Peer peer, UInt128 address, long now)
    {
        while (_learner.Pin(peer.Learning, address, now) == SourceVerdict.Conflict)
        {
            if (_learner.Lookup(address, now) is { } faster)
            {
                _learner.Forget(faster.Learning, address);
            }
        }
    }
}
