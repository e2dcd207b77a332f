using System.Runtime.InteropServices;
using WgNet.Linux;
using WgNet.Routing;

namespace WgNet.Device;

/// <content>What an update does to AllowedIPs and to learning. Everything here runs under the configuration lock.</content>
public sealed partial class WireGuardDevice
{
    // Whose AllowedIPs the update that is being applied has changed. Empty but for subscribers' sake.
    private readonly HashSet<Peer> _allowedIpsChanged = [];

    private void ApplyPrefixes(Peer peer, PeerUpdate update)
    {
        // For subscribers. To compare all prefixes is for who replaces them all.
        bool isHeard = Events.HasSubscribers;
        HashSet<IpPrefix>? replaced = isHeard && update.ReplaceAllowedIps ? [.. _allowedIps.Prefixes(peer)] : null;
        int before = _allowedIps.Count(peer);
        bool isChanged = false;

        // Together: no packet finds the old prefixes gone and the new ones not yet there.
        using (_allowedIps.Begin())
        {
            if (update.ReplaceAllowedIps)
            {
                _allowedIps.RemovePeer(peer);
            }

            foreach (PrefixUpdate allowed in update.AllowedIps)
            {
                if (allowed.Remove)
                {
                    isChanged |= _allowedIps.Remove(allowed.Prefix, peer);
                }
                else
                {
                    _allowedIps.Insert(allowed.Prefix, peer, out Peer? previous);
                    if (isHeard && previous is not null)
                    {
                        _allowedIpsChanged.Add(previous);
                    }
                }
            }
        }

        isChanged = replaced is null ? isChanged || _allowedIps.Count(peer) != before : !replaced.SetEquals(_allowedIps.Prefixes(peer));
        if (isHeard && isChanged)
        {
            _allowedIpsChanged.Add(peer);
        }
    }

    private void ApplyLearning(Peer peer, PeerUpdate update)
    {
        if (update.LearnLimit is { } limit)
        {
            _learner.SetLimit(peer.Learning, limit);
        }

        if (update.LearnTimeoutSeconds is { } timeout)
        {
            _learner.SetTimeout(peer.Learning, TimeSpan.FromSeconds(timeout));
            _timers.WakeBy(_learner.NextExpiry);
        }

        // Replaced as a whole, so that addresses which stay claimable stay learned when a configuration is read again.
        if (update.ReplaceLearnableIps || update.LearnableIps.Count > 0)
        {
            IReadOnlyList<IpPrefix> before = peer.Learning.LearnablePrefixes;
            var prefixes = new List<IpPrefix>(update.ReplaceLearnableIps ? [] : before);
            foreach (PrefixUpdate learnable in update.LearnableIps)
            {
                prefixes.Remove(learnable.Prefix);
                if (!learnable.Remove)
                {
                    prefixes.Add(learnable.Prefix);
                }
            }

            _learner.ReplaceLearnable(peer.Learning, CollectionsMarshal.AsSpan(prefixes));
            if (Events.HasSubscribers && !before.ToHashSet().SetEquals(prefixes))
            {
                Events.LearnableIpsChanged(peer, prefixes.Count);
            }
        }

        foreach (UInt128 address in update.ForgetLearned)
        {
            _learner.Forget(peer.Learning, address);
            _waiting.Forget(update.PublicKey, address, Clock.BootTime);
        }
    }

    // What new static prefixes contradict is no longer learned when the update is done: one pass over all peers, however many
    // prefixes and peers it names.
    private void ForgetContradicted(DeviceUpdate update)
    {
        PrefixUpdate[] inserted = [.. update.Peers.SelectMany(peer => peer.AllowedIps).Where(allowed => allowed is { Remove: false, Prefix.IsIPv4: false }).Take(2)];
        if (inserted.Length == 1)
        {
            _learner.AllowedIpsChanged(inserted[0].Prefix);
        }
        else if (inserted.Length > 1)
        {
            _learner.AllowedIpsChanged();
        }
    }

    private void TellAllowedIpsChanged()
    {
        foreach (Peer peer in _allowedIpsChanged)
        {
            // Removed by the same update, it has told that already.
            if (_peers.GetValueOrDefault(peer.Session.RemoteStatic) == peer)
            {
                Events.AllowedIpsChanged(peer, _allowedIps.Count(peer));
            }
        }

        _allowedIpsChanged.Clear();
    }
}
