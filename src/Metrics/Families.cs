using WgNet.Device;

namespace WgNet.Metrics;

/// <summary>Every metric that there is; docs/metrics.md has them as a table, and a test compares the two.</summary>
internal static class Families
{
    private const string Interface = "interface", PublicKey = "public_key", Reason = "reason";

    public static readonly MetricFamily Build =
        new("wgnet_build", MetricType.Info, null, "The version of the program.", Interface, "version");

    public static readonly MetricFamily Peers =
        new("wgnet_peers", MetricType.Gauge, null, "Peers that are configured.", Interface);

    public static readonly MetricFamily Drops = new(
        "wgnet_dropped_packets", MetricType.Counter, "packets", "Packets dropped that belong to no peer, by reason.", Interface, Reason);

    public static readonly MetricFamily QueuedMessages = new(
        "wgnet_handshake_queue_messages", MetricType.Gauge, "messages", "Handshake messages received that wait to be answered; at most 1024.", Interface);

    public static readonly MetricFamily QueuedInitiations = new(
        "wgnet_handshake_queue_initiations", MetricType.Gauge, "initiations", "Peers to whom a handshake initiation is about to be sent.", Interface);

    public static readonly MetricFamily StagedBytes = new(
        "wgnet_staged_bytes", MetricType.Gauge, "bytes", "Packets of all peers that wait for handshakes to complete.", Interface);

    public static readonly MetricFamily StateFileFailures = new(
        "wgnet_state_file_failures", MetricType.Counter, null, "Times that what is kept across restarts could not be written.", Interface);

    public static readonly MetricFamily WorkerBusy = new(
        "wgnet_worker_busy_seconds", MetricType.Counter, "seconds",
        "Processor time of the threads that carry packets, user and system.", Interface, "direction", "worker");

    public static readonly MetricFamily PeerDrops = new(
        "wgnet_peer_dropped_packets", MetricType.Counter, "packets", "Packets from and to the peer that were dropped, by reason.",
        Interface, PublicKey, Reason);

    public static readonly MetricFamily LatestHandshake = new(
        "wgnet_peer_latest_handshake_timestamp_seconds", MetricType.Gauge, "seconds",
        "When a handshake was last completed, in seconds since 1970; 0 for never.", Interface, PublicKey);

    /// <summary>What each peer has one whole number of.</summary>
    public static readonly (MetricFamily Family, Func<PeerMeters, long> Value)[] OfPeers =
    [
        (OfPeer("received_bytes", MetricType.Counter, "bytes", "Outside bytes received in authentic messages."), peer => peer.ReceivedBytes),
        (OfPeer("sent_bytes", MetricType.Counter, "bytes", "Outside bytes sent."), peer => peer.SentBytes),
        (OfPeer("received_packets", MetricType.Counter, "packets", "Authentic messages received, handshakes and keepalives among them."), peer => peer.ReceivedPackets),
        (OfPeer("sent_packets", MetricType.Counter, "packets", "Messages sent, handshakes and keepalives among them."), peer => peer.SentPackets),
        (OfPeer("handshakes", MetricType.Counter, null, "Handshakes completed, whoever began them."), peer => peer.Handshakes),
        (OfPeer("learned_addresses", MetricType.Gauge, "addresses", "Inside addresses that are learned now."), peer => peer.LearnedAddresses),
        (OfPeer("learn_limit_addresses", MetricType.Gauge, "addresses", "Most addresses that may be learned at a time."), peer => peer.LearnLimit),
        (OfPeer("conflicts", MetricType.Counter, null, "Packets dropped because another peer has learned their source address."), peer => peer.Drops[DropCounters.ConflictIndex]),
        (OfPeer("staged_packets", MetricType.Gauge, "packets", "Packets that wait for a handshake to complete; at most 128."), peer => peer.StagedPackets),
    ];

    /// <summary>In the order in which they are written.</summary>
    public static IEnumerable<MetricFamily> All =>
    [
        Build, Peers, Drops, QueuedMessages, QueuedInitiations, StagedBytes, StateFileFailures, WorkerBusy,
        .. OfPeers.Select(entry => entry.Family), LatestHandshake, PeerDrops,
    ];

    private static MetricFamily OfPeer(string name, MetricType type, string? unit, string help) =>
        new("wgnet_peer_" + name, type, unit, help, Interface, PublicKey);
}
