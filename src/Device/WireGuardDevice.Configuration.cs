using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using WgNet.Device.Events;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Routing;

namespace WgNet.Device;

/// <summary>Configuration: what an update does to the device, and what a snapshot reports. Everything here runs under one lock.</summary>
public sealed partial class WireGuardDevice
{
    // More peers than this, removed at once, leave so much garbage that collecting it is worth a pause of milliseconds: it would lie
    // there for long, since packets make none. Ten thousand peers are 38 MB, and the pause was 30 to 50 ms.
    private const int ManyPeers = 1000;

    private static readonly string Version =
        typeof(WireGuardDevice).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    // In the order in which they were added, as the kernel reports them.
    private readonly OrderedDictionary<PublicKey, Peer> _peers = [];

    // The same peers for threads that must not wait for a configuration change; replaced as a whole.
    private volatile Peer[] _peerList = [];
    private ushort _listenPort;
    private volatile uint _firewallMark;

    // Where the private key stands outside; the device itself never looks there.
    private string? _privateKeyFile;

    // Whose AllowedIPs the update that is being applied has changed. Empty but for subscribers' sake.
    private readonly HashSet<Peer> _allowedIpsChanged = [];

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
                Validate(update);
                ValidatePins(update);
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
            CryptographicOperations.ZeroMemory(update.PrivateKey);
            foreach (PeerUpdate peer in update.Peers)
            {
                CryptographicOperations.ZeroMemory(peer.PresharedKey);
            }
        }
    }

    /// <inheritdoc/>
    public DeviceSnapshot Snapshot()
    {
        lock (_configuration)
        {
            var snapshot = new DeviceSnapshot
            {
                ListenPort = IsUp ? _outside.Port : _listenPort,
                FirewallMark = _firewallMark,
                WgNetVersion = Version,
                Workers = _workers,
                MetricsListen = _metricsServer is null ? null : _metricsAddress,
                StateFile = _state.IsOn,
                StateFileFailures = _state.Failures,
            };
            if (_sessions.HasPrivateKey)
            {
                snapshot.PrivateKey = new byte[32];
                _sessions.CopyPrivateKey(snapshot.PrivateKey);
                snapshot.PrivateKeyFile = _privateKeyFile;
            }

            snapshot.Drops.AddRange(Drops.NonZero());
            long now = Clock.BootTime;
            foreach (Peer peer in _peers.Values)
            {
                snapshot.Peers.Add(Snapshot(peer, now));
            }

            return snapshot;
        }
    }

    /// <inheritdoc/>
    public EventSubscription? Subscribe() => Events.Subscribe();

    private PeerSnapshot Snapshot(Peer peer, long now)
    {
        var snapshot = new PeerSnapshot(peer.Session.RemoteStatic)
        {
            Endpoint = peer.Endpoint,
            EndpointHost = peer.Name?.Text,
            EndpointHostFailures = peer.Name?.Failures ?? 0,
            LastHandshakeWallTime = peer.Session.LastHandshakeWallTime,
            ReceivedBytes = peer.ReceivedBytes,
            SentBytes = peer.SentBytes,
            PersistentKeepalive = peer.Session.PersistentKeepalive,
            LearnLimit = peer.Learning.LearnLimit,
            LearnTimeoutSeconds = peer.Learning.LearnTimeout / 1_000_000_000,
        };
        byte[] presharedKey = new byte[32];
        if (peer.Session.CopyPresharedKey(presharedKey))
        {
            snapshot.PresharedKey = presharedKey;
            snapshot.PresharedKeyFile = peer.PresharedKeyFile;
        }

        snapshot.AllowedIps.AddRange(_allowedIps.Prefixes(peer));
        snapshot.LearnableIps.AddRange(peer.Learning.LearnablePrefixes);
        const long Second = 1_000_000_000;
        snapshot.LearnedAddresses.AddRange(_learner.Learned(peer.Learning, now).Select(learned =>
            new LearnedAddressSnapshot(learned.Address, learned.AgeNanoseconds / Second)
            {
                FirstSeenSeconds = learned.FirstSeenNanoseconds / Second,
                Packets = learned.Packets,
                IsPinned = learned.IsPinned,
            }));

        snapshot.Drops.AddRange(peer.Drops.NonZero());
        return snapshot;
    }

    // What the text's parser cannot know or a caller may have got wrong; after this nothing but what listens can fail.
    private static void Validate(DeviceUpdate update)
    {
        if (update.PrivateKey is { Length: not 32 })
        {
            throw new ConfigurationException("a private key is 32 bytes", Errno.EINVAL);
        }

        if (update.Workers is < 0 or > WorkerCount.Most)
        {
            throw new ConfigurationException(WorkerCount.Expected, Errno.EINVAL);
        }

        foreach (PeerUpdate peer in update.Peers)
        {
            if (peer.PresharedKey is { Length: not 32 })
            {
                throw new ConfigurationException("a preshared key is 32 bytes", Errno.EINVAL);
            }

            if (peer.EndpointHost is { Length: > 0 } host && !EndpointName.IsEndpoint(host))
            {
                throw new ConfigurationException($"`{host}': {EndpointName.Expected}", Errno.EINVAL);
            }

            if (peer.LearnLimit < 0 || peer.LearnTimeoutSeconds is < 1 or > long.MaxValue / 2_000_000_000)
            {
                throw new ConfigurationException("a learn limit is at least 0, a learn timeout at least one second", Errno.EINVAL);
            }

            if (peer.LearnableIps.Exists(learnable => learnable.Prefix.IsIPv4))
            {
                throw new ConfigurationException("only IPv6 addresses are learned: a learnable prefix is an IPv6 prefix", Errno.EINVAL);
            }
        }
    }

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

    private void ApplyListenPort(ushort? change)
    {
        if (change is { } port)
        {
            if (_isLinkUp && (port != _outside.Port || port == 0))
            {
                Rebind(port);
            }

            _listenPort = port;
        }
    }

    private void Rebind(ushort port)
    {
        bool wasUp = IsUp;
        try
        {
            _outside.Open(port, _firewallMark);
        }
        catch (LinuxException e)
        {
            throw new ConfigurationException($"listen port {port}: {e.Message}", e.Errno) { Key = "listen_port" };
        }

        ClearEndpointSources();
        if (!wasUp)
        {
            SendPersistentKeepalives();
        }
    }

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

        ApplyLearning(peer, update);
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

    private void ApplyLearning(Peer peer, PeerUpdate update)
    {
        if (update.LearnLimit is { } limit)
        {
            _learner.SetLimit(peer.Learning, limit);
        }

        if (update.LearnTimeoutSeconds is { } timeout)
        {
            _learner.SetTimeout(peer.Learning, TimeSpan.FromSeconds(timeout));
            _timers.ScheduleExpiry(_learner.NextExpiry);
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
