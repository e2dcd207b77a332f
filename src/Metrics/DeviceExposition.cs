using System.Buffers;
using System.Globalization;
using WgNet.Device;

namespace WgNet.Metrics;

/// <summary>
/// A device's counters as text, in pieces: a gateway with ten thousand peers has 34 megabytes of it, of which one piece is
/// in memory at a time.
/// </summary>
internal sealed class DeviceExposition
{
    private const int PieceSize = 32 * 1024;

    private static readonly byte[][] Reasons = [.. DropCounters.ReasonNames.Select(name => Labels.Of(("reason", name)))];

    private static readonly bool[] DeviceReasons = Expected(DropCounters.DeviceReasons), PeerReasons = Expected(DropCounters.PeerReasons);

    // A piece ends after the peer that filled it.
    private readonly ArrayBufferWriter<byte> _piece = new(PieceSize + (PieceSize / 4));
    private readonly MetricsWriter _writer;
    private readonly DeviceMeters _device;
    private readonly string _interfaceName;
    private readonly byte[] _interface;
    private readonly PeerLabels _peers;

    private DeviceExposition(string interfaceName, DeviceMeters device, MetricsFormat format)
    {
        _writer = new MetricsWriter(_piece, format);
        _device = device;
        _interfaceName = interfaceName;
        _interface = Labels.Of(("interface", interfaceName));
        _peers = new PeerLabels(interfaceName, device.Peers);
    }

    private bool IsFull => _piece.WrittenCount >= PieceSize;

    /// <summary>Every family once, each with all its samples. A piece is good until the next one is asked for.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Pieces(string interfaceName, string version, DeviceMeters device, MetricsFormat format) =>
        new DeviceExposition(interfaceName, device, format).Pieces(version);

    private static bool[] Expected(IReadOnlyList<int> reasons) => [.. Enumerable.Range(0, DropCounters.ReasonNames.Count).Select(reasons.Contains)];

    private IEnumerable<ReadOnlyMemory<byte>> Pieces(string version)
    {
        WriteDevice(version);
        foreach ((MetricFamily family, Func<PeerMeters, long> value) in Families.OfPeers)
        {
            _writer.Begin(family);
            for (int i = 0; i < _peers.Count; i++)
            {
                _writer.Sample(_peers[i], [], value(_device.Peers[i]));
                if (IsFull)
                {
                    yield return Take();
                }
            }
        }

        _writer.Begin(Families.LatestHandshake);
        for (int i = 0; i < _peers.Count; i++)
        {
            _writer.Seconds(_peers[i], [], _device.Peers[i].LastHandshakeWallTime);
            if (IsFull)
            {
                yield return Take();
            }
        }

        _writer.Begin(Families.PeerDrops);
        for (int i = 0; i < _peers.Count; i++)
        {
            WriteDrops(_peers[i], _device.Peers[i].Drops, PeerReasons);
            if (IsFull)
            {
                yield return Take();
            }
        }

        _writer.End();
        yield return _piece.WrittenMemory;
    }

    // What is written next takes its place, and so not before the reader comes back for more.
    private ReadOnlyMemory<byte> Take()
    {
        ReadOnlyMemory<byte> piece = _piece.WrittenMemory;
        _piece.ResetWrittenCount();
        return piece;
    }

    private void WriteDevice(string version)
    {
        _writer.Begin(Families.Build);
        _writer.Sample(Labels.Of(("interface", _interfaceName), ("version", version)), [], 1);
        WriteNumber(Families.Peers, _peers.Count);
        _writer.Begin(Families.Drops);
        WriteDrops(_interface, _device.Drops, DeviceReasons);
        WriteNumber(Families.QueuedMessages, _device.QueuedMessages);
        WriteNumber(Families.QueuedInitiations, _device.QueuedInitiations);
        WriteNumber(Families.StagedBytes, _device.StagedBytes);
        WriteNumber(Families.StateFileFailures, _device.StateFileFailures);
        _writer.Begin(Families.WorkerBusy);
        foreach (WorkerMeter worker in _device.Workers)
        {
            string direction = worker.IsInbound ? "inbound" : "outbound";
            string number = worker.Number.ToString(CultureInfo.InvariantCulture);
            _writer.Seconds(_interface, Labels.Of(("direction", direction), ("worker", number)), worker.BusyNanoseconds);
        }
    }

    private void WriteNumber(MetricFamily family, long value)
    {
        _writer.Begin(family);
        _writer.Sample(_interface, [], value);
    }

    // Every reason that is expected, with zero too, and any other that occurred.
    private void WriteDrops(ReadOnlySpan<byte> labels, DropCounts counts, bool[] expected)
    {
        for (int reason = 0; reason < Reasons.Length; reason++)
        {
            if (counts[reason] != 0 || expected[reason])
            {
                _writer.Sample(labels, Reasons[reason], counts[reason]);
            }
        }
    }
}
