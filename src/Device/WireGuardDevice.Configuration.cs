using WgNet.Device.Events;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Routing;

namespace WgNet.Device;

/// <content>What an update does to the device, the interface first and then each peer. Everything here runs under one lock.</content>
public sealed partial class WireGuardDevice
{
    // More peers than this, removed at once, leave so much garbage that collecting it is worth a pause of milliseconds: it would lie
    // there for long, since packets make none. Ten thousand peers are 38 MB, and the pause was 30 to 50 ms.
    private const int ManyPeers = 1000;

    // In the order in which they were added, as the kernel reports them.
    private readonly OrderedDictionary<PublicKey, Peer> _peers = [];

    // The same peers for threads that must not wait for a configuration change; replaced as a whole.
    private volatile Peer[] _peerList = [];

    // Where the private key stands outside; the device itself never looks there.
    private string? _privateKeyFile;

    // By the update that is being applied.
    private int _removed;

    /// <inheritdoc/>
    public void Apply(DeviceUpdate update)
    {
        try
        {
            int removed;
            lock (_configuration)
            {
                ObjectDisposedException.ThrowIf(_stopping, this);
                DeviceUpdateCheck.Check(update);
                ValidatePins(update);

                // From here nothing can fail but what listens.
                ApplyInterface(update);
                _removed = 0;
                if (update.ReplacePeers)
                {
                    KeepReplaced(update.Peers);
                    RemoveAllPeers();
                }

                ApplyPeers(update.Peers);
                ForgetContradicted(update);
                ApplyPins(update);
                _peerList = [.. _peers.Values];
                RestorePeers(update.Peers);
                TellAllowedIpsChanged();
                removed = _removed;
            }

            if (removed > ManyPeers)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            }
        }
        finally
        {
            update.Wipe();
        }
    }

    /// <inheritdoc/>
    public EventSubscription? Subscribe() => Events.Subscribe();

    private void ApplyInterface(DeviceUpdate update)
    {
        // What listens comes first: it alone can fail, and then nothing has changed yet.
        IDisposable? metrics = OpenMetrics(update.MetricsListen);
        try
        {
            ApplyListenPort(update.ListenPort);
        }
        catch
        {
            metrics?.Dispose();
            _ = RestoreMetrics();
            throw;
        }

        SetMetrics(update.MetricsListen, metrics);

        if (update.FirewallMark is { } mark)
        {
            _firewallMark = mark;
            _outside.SetMark(mark);
            ClearEndpointSources();
        }

        if (update.Workers is { } workers)
        {
            SetWorkers(workers);
        }

        if (update.StateFile is { } keep)
        {
            SetStateFile(keep);
        }

        if (update.PrivateKey is { } privateKey)
        {
            _sessions.SetPrivateKey(privateKey, Clock.BootTime);
            _privateKeyFile = null;

            // A peer with the interface's own key could only talk to itself.
            if (_sessions.HasPrivateKey && _peers.TryGetValue(_sessions.PublicKey, out Peer? self))
            {
                RemovePeer(self);
            }
        }

        _privateKeyFile = PathOrNone(update.PrivateKeyFile, _privateKeyFile);
    }

    private static string? PathOrNone(string? change, string? now) => change is null ? now : change.Length == 0 ? null : change;

    // One version of the prefixes for all peers: a version each would leave thousands behind for the collector. Where a peer goes,
    // it goes at once, since it must be out of the table before its session ends.
    private void ApplyPeers(List<PeerUpdate> updates)
    {
        bool together = !updates.Exists(update => update.Remove);
        using AllowedIps<Peer>.Batch batch = together ? _allowedIps.Begin() : default;
        foreach (PeerUpdate update in updates)
        {
            ApplyPeer(update);
        }
    }

    private void ApplyPeer(PeerUpdate update)
    {
        bool exists = _peers.TryGetValue(update.PublicKey, out Peer? peer);
        if (update.Remove)
        {
            _waiting.Forget(update.PublicKey);
            if (exists)
            {
                RemovePeer(peer!);
            }

            return;
        }

        if (!exists)
        {
            if (update.UpdateOnly || (_sessions.HasPrivateKey && update.PublicKey == _sessions.PublicKey))
            {
                return;
            }

            peer = new Peer(_sessions, _learner, update.PublicKey, _staging);
            _peers.Add(update.PublicKey, peer);
            Events.PeerAdded(peer);
            peer.Endpoint = _waiting.Endpoint(update.PublicKey);
        }

        ApplySession(peer!, update, isNew: !exists);
        ApplyPrefixes(peer!, update);
        ApplyLearning(peer!, update);
        if (IsUp && !peer!.Staged.IsEmpty)
        {
            SendStaged(peer, Clock.BootTime);
        }
    }

    private void ApplySession(Peer peer, PeerUpdate update, bool isNew)
    {
        long now = Clock.BootTime;
        if (update.PresharedKey is { } presharedKey)
        {
            peer.Session.SetPresharedKey(presharedKey, now);
            peer.PresharedKeyFile = null;
        }

        peer.PresharedKeyFile = PathOrNone(update.PresharedKeyFile, peer.PresharedKeyFile);
        ApplyEndpoint(peer, update, isNew);
        if (update.PersistentKeepalive is { } keepalive)
        {
            SessionActions actions = peer.Session.SetPersistentKeepalive(keepalive, now);
            if (IsUp)
            {
                Perform(peer, actions);
            }
        }
    }

    private void RemoveAllPeers()
    {
        while (_peers.Count > 0)
        {
            // From the end, where nothing has to move up.
            RemovePeer(_peers.GetAt(_peers.Count - 1).Value);
        }
    }

    // Routing first, so that no packet is led to a peer without a session.
    private void RemovePeer(Peer peer)
    {
        _allowedIps.RemovePeer(peer);
        _learner.RemovePeer(peer.Learning);
        _sessions.Remove(peer.Session);
        _peers.Remove(peer.Session.RemoteStatic);
        peer.Session.Dispose();
        peer.Staged.Close();
        peer.Name = null;
        Events.PeerRemoved(peer);
        _removed++;
    }
}
