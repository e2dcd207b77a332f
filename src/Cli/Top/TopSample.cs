using System.Diagnostics;
using WgNet.Device;
using WgNet.Protocol;

namespace WgNet.Cli.Top;

/// <summary>A peer as one line shows it.</summary>
internal sealed record TopRow(string Interface, PublicKey Key, string Peer)
{
    /// <summary>Outside address and port, or nothing.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Outside bytes a second.</summary>
    public double ReceivedRate { get; init; }

    public double SentRate { get; init; }

    /// <summary>Seconds; null for never.</summary>
    public long? HandshakeAge { get; init; }

    public int Learned { get; init; }

    /// <summary>Packets, for whatever reason, since the peer was added.</summary>
    public long Drops { get; init; }
}

/// <summary>What the interfaces reported at one moment.</summary>
/// <param name="OtherDrops">Packets that belong to no peer.</param>
internal sealed record TopSample(IReadOnlyList<string> Interfaces, IReadOnlyList<TopRow> Rows, long OtherDrops);

/// <summary>Makes rates of counters: how much they grew since the sample before.</summary>
internal sealed class TopSampler
{
    private Dictionary<(string Interface, PublicKey Key), (long Received, long Sent)> _before = [];
    private long _beforeTime;

    /// <param name="timestamp">Of <see cref="Stopwatch"/>, when the snapshots were taken.</param>
    /// <param name="now">Seconds since 1970-01-01 UTC.</param>
    public TopSample Next(IReadOnlyList<(string Name, DeviceSnapshot Snapshot)> devices, long timestamp, long now)
    {
        double seconds = Stopwatch.GetElapsedTime(_beforeTime, timestamp).TotalSeconds;
        Dictionary<(string Interface, PublicKey Key), (long Received, long Sent)> counters = [];
        List<TopRow> rows = [];
        foreach ((string name, DeviceSnapshot snapshot) in devices)
        {
            foreach (PeerSnapshot peer in snapshot.Peers)
            {
                (string, PublicKey) key = (name, peer.PublicKey);
                counters[key] = (peer.ReceivedBytes, peer.SentBytes);

                // One that is new, or was added anew, has no rate yet.
                (long received, long sent) = _before.GetValueOrDefault(key, (long.MaxValue, long.MaxValue));
                rows.Add(Row(name, peer, now) with
                {
                    ReceivedRate = Math.Max(0, peer.ReceivedBytes - received) / seconds,
                    SentRate = Math.Max(0, peer.SentBytes - sent) / seconds,
                });
            }
        }

        _before = counters;
        _beforeTime = timestamp;
        return new TopSample(
            [.. devices.Select(device => device.Name)], rows, devices.Sum(device => device.Snapshot.Drops.Sum(drop => drop.Count)));
    }

    private static TopRow Row(string name, PeerSnapshot peer, long now) => new(name, peer.PublicKey, peer.PublicKey.ToString())
    {
        Endpoint = peer.Endpoint?.ToString() ?? "",
        HandshakeAge = peer.LastHandshakeWallTime == 0 ? null : Math.Max(0, now - (peer.LastHandshakeWallTime / 1_000_000_000)),
        Learned = peer.LearnedAddresses.Count,
        Drops = peer.Drops.Sum(drop => drop.Count),
    };
}
