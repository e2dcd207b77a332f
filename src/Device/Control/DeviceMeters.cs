using WgNet.Protocol;

namespace WgNet.Device;

/// <summary>What measures: the seam between the engine and whoever serves its metrics. Thread-safe.</summary>
public interface IMeasured
{
    /// <summary>All counters as they are now. Holds up neither packets nor, but for a moment, configuration.</summary>
    DeviceMeters Measure();
}

/// <summary>A device's counters at one moment, without its keys and prefixes.</summary>
public sealed class DeviceMeters
{
    /// <summary>In the order in which they were added.</summary>
    public required IReadOnlyList<PeerMeters> Peers { get; init; }

    /// <summary>Packets dropped that belong to no peer.</summary>
    public DropCounts Drops { get; init; }

    /// <summary>Handshake messages that wait to be answered.</summary>
    public int QueuedMessages { get; init; }

    /// <summary>Peers to whom a handshake initiation is to be sent.</summary>
    public int QueuedInitiations { get; init; }

    /// <summary>What all peers together hold for handshakes to complete.</summary>
    public long StagedBytes { get; init; }

    /// <summary>How often what is kept across restarts could not be written.</summary>
    public long StateFileFailures { get; init; }

    /// <summary>The threads that carry packets now; those inbound only while the interface is up.</summary>
    public required IReadOnlyList<WorkerMeter> Workers { get; init; }
}

/// <summary>How long a worker's thread has run on a processor since it began.</summary>
/// <param name="Number">From 0, within its direction.</param>
public readonly record struct WorkerMeter(bool IsInbound, int Number, long BusyNanoseconds);

/// <summary>A peer's counters at one moment. All but the learned addresses and what is staged only ever grow while the peer is there.</summary>
public sealed class PeerMeters(PublicKey publicKey)
{
    public PublicKey PublicKey { get; } = publicKey;

    /// <summary>Of outside messages, handshakes and keepalives among them; so are the packets.</summary>
    public long ReceivedBytes { get; init; }

    public long ReceivedPackets { get; init; }

    public long SentBytes { get; init; }

    public long SentPackets { get; init; }

    public DropCounts Drops { get; init; }

    /// <summary>Completed, from either side.</summary>
    public long Handshakes { get; init; }

    /// <summary>Nanoseconds since 1970-01-01 UTC; 0 for never.</summary>
    public long LastHandshakeWallTime { get; init; }

    public int LearnedAddresses { get; init; }

    public int LearnLimit { get; init; }

    public int StagedPackets { get; init; }
}
