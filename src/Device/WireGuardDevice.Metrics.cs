using WgNet.Linux;

namespace WgNet.Device;

/// <content>Counters for those who watch the device, and where they are served.</content>
public sealed partial class WireGuardDevice : IMeasured
{
    // Guarded by the configuration lock.
    private MetricsAddress _metricsAddress = MetricsAddress.Off;
    private IDisposable? _metricsServer;

    /// <inheritdoc/>
    public DeviceMeters Measure()
    {
        WorkerMeter[] workers;
        lock (_configuration)
        {
            workers = [.. Workers(_outbound?.BusyTimes ?? [], isInbound: false), .. Workers(_outside.BusyTimes, isInbound: true)];
        }

        // The list is replaced when the configuration changes, so that ten thousand peers are read without the lock.
        long now = Clock.BootTime;
        return new DeviceMeters
        {
            Peers = Array.ConvertAll(_peerList, peer => Measure(peer, now)),
            Drops = Drops.Counts(),
            QueuedMessages = _handshakes.Count,
            QueuedInitiations = _handshakes.Initiations,
            StagedBytes = _staging.Used,
            StateFileFailures = _state.Failures,
            Workers = workers,
        };
    }

    private static IEnumerable<WorkerMeter> Workers(IEnumerable<long> busyTimes, bool isInbound) =>
        busyTimes.Select((time, number) => new WorkerMeter(isInbound, number, time));

    private PeerMeters Measure(Peer peer, long now) => new(peer.Session.RemoteStatic)
    {
        ReceivedBytes = peer.ReceivedBytes,
        ReceivedPackets = peer.ReceivedPackets,
        SentBytes = peer.SentBytes,
        SentPackets = peer.SentPackets,
        Drops = peer.Drops.Counts(),
        Handshakes = peer.Session.Handshakes,
        LastHandshakeWallTime = peer.Session.LastHandshakeWallTime,
        LearnedAddresses = _learner.CountLearned(peer.Learning, now),
        LearnLimit = peer.Learning.LearnLimit,
        StagedPackets = peer.Staged.Count,
    };

    /// <summary>Opens the place where metrics are to be served from now on, if that changes; it may fail, and then nothing has changed.</summary>
    private IDisposable? OpenMetrics(MetricsAddress? address)
    {
        if (address is null || address == _metricsAddress || address == MetricsAddress.Off)
        {
            return null;
        }

        return _options.ServeMetrics is { } serve ? serve(address, this)
            : throw new ConfigurationException("metrics are not served by this program", Errno.EOPNOTSUPP);
    }

    /// <summary>What was opened takes the place of what was there.</summary>
    private void SetMetrics(MetricsAddress? address, IDisposable? server)
    {
        if (address is not null && address != _metricsAddress)
        {
            _metricsServer?.Dispose();
            _metricsServer = server;
            _metricsAddress = address;
        }
    }
}
