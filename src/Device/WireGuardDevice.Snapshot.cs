using System.Reflection;
using WgNet.Linux;

namespace WgNet.Device;

/// <content>What the device reports of itself over the control socket.</content>
public sealed partial class WireGuardDevice
{
    private static readonly string Version =
        typeof(WireGuardDevice).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

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

    private PeerSnapshot Snapshot(Peer peer, long now)
    {
        const long Second = 1_000_000_000;
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
            LearnTimeoutSeconds = peer.Learning.LearnTimeout / Second,
        };
        byte[] presharedKey = new byte[32];
        if (peer.Session.CopyPresharedKey(presharedKey))
        {
            snapshot.PresharedKey = presharedKey;
            snapshot.PresharedKeyFile = peer.PresharedKeyFile;
        }

        snapshot.AllowedIps.AddRange(_allowedIps.Prefixes(peer));
        snapshot.LearnableIps.AddRange(peer.Learning.LearnablePrefixes);
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
}
