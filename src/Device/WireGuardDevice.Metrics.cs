using System.Net;
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

    /// <summary>
    /// Opens the place where metrics are to be served from now on, if that changes; it may fail, and then nothing has changed. What is
    /// served now may have had to make room: <see cref="SetMetrics"/> or <see cref="RestoreMetrics"/> comes next.
    /// </summary>
    private IDisposable? OpenMetrics(MetricsAddress? address)
    {
        if (address is null || address == _metricsAddress || address == MetricsAddress.Off)
        {
            return null;
        }

        try
        {
            return ServeMetrics(address);
        }
        catch (ConfigurationException e) when (e.Errno == Errno.EADDRINUSE && Exclude(address, _metricsAddress))
        {
            // By us, most likely: one address and every address cannot have the port both at a time.
            _metricsServer?.Dispose();
            _metricsServer = null;
        }

        try
        {
            return ServeMetrics(address);
        }
        catch (ConfigurationException e)
        {
            MetricsAddress before = _metricsAddress;
            throw RestoreMetrics() ? e : new ConfigurationException($"{e.Message}; {before} could not be opened again", e.Errno);
        }
    }

    /// <summary>Serves where the configuration says, if that had to make room for what is not to be; false if somebody else is there now.</summary>
    private bool RestoreMetrics()
    {
        if (_metricsServer is not null || _metricsAddress == MetricsAddress.Off)
        {
            return true;
        }

        try
        {
            _metricsServer = ServeMetrics(_metricsAddress);
            return true;
        }
        catch (ConfigurationException e)
        {
            // Somebody took the port in these microseconds.
            Log.Error($"metrics are served no more: {e.Message}");
            _metricsAddress = MetricsAddress.Off;
            return false;
        }
    }

    private IDisposable ServeMetrics(MetricsAddress address) => _options.ServeMetrics is { } serve ? serve(address, this)
        : throw new ConfigurationException("metrics are not served by this program", Errno.EOPNOTSUPP);

    private static bool Exclude(MetricsAddress left, MetricsAddress right) =>
        left.EndPoint is { } one && right.EndPoint is { } other && one.Port == other.Port && (IsEvery(one.Address) || IsEvery(other.Address));

    private static bool IsEvery(IPAddress address) => address.Equals(IPAddress.IPv6Any) || address.Equals(IPAddress.Any);

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
