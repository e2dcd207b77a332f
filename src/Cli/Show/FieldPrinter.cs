using System.Globalization;
using WgNet.Device;
using WgNet.Learning;
using WgNet.Routing;

namespace WgNet.Cli.Show;

/// <summary>
/// The forms of <c>wg show</c> for scripts: one field, tab-separated. Where all interfaces are shown, each line begins with its
/// interface (stock wg 1.0.20210914 forgets that on all but the first line of <c>endpoints</c>; here every line has it).
/// <c>learned-ips</c> has three columns: the peer, its addresses as <c>address=age</c> in seconds, and the packets refused because of
/// their source as <c>reason=count</c>; items are apart by blanks, and <c>(none)</c> stands for none.
/// </summary>
/// <param name="withInterface">Whether lines begin with the interface's name.</param>
internal sealed class FieldPrinter(TextWriter output, bool withInterface)
{
    // Why a source may be refused, as the UAPI names it.
    private static readonly string[] RefusalReasons =
        [.. Enumerable.Range((int)SourceVerdict.NotAllowed, SourceVerdict.Count - SourceVerdict.NotAllowed).Select(i => DropCounters.NameOf((SourceVerdict)i))];

    private static readonly (string Name, Func<DeviceView, string> Value)[] DeviceFields =
    [
        ("public-key", device => device.PublicKey is { } key ? key.ToString() : "(none)"),
        ("private-key", device => Key(device.Snapshot.PrivateKey)),
        ("listen-port", device => Number(device.Snapshot.ListenPort)),
        ("fwmark", device => Mark(device.Snapshot)),
    ];

    private static readonly (string Name, Func<PeerSnapshot, string> Value)[] PeerFields =
    [
        ("preshared-keys", peer => Key(peer.PresharedKey)),
        ("endpoints", Endpoint),
        ("allowed-ips", peer => List(peer.AllowedIps, ' ')),
        ("learnable-ips", peer => List(peer.LearnableIps, ' ')),
        ("learned-ips", peer => $"{Learned(peer)}\t{Refused(peer)}"),
        ("latest-handshakes", peer => Number(peer.LastHandshakeWallTime / 1_000_000_000)),
        ("transfer", peer => $"{Number(peer.ReceivedBytes)}\t{Number(peer.SentBytes)}"),
        ("persistent-keepalive", Keepalive),
    ];

    /// <summary>Every field, in the order in which usage lists them.</summary>
    public static IEnumerable<string> Names =>
        [.. DeviceFields.Select(row => row.Name), "peers", .. PeerFields.Select(row => row.Name), "dump"];

    /// <param name="field">One of <see cref="Names"/>; anything else is a usage error.</param>
    public void Print(DeviceView device, string field)
    {
        string prefix = withInterface ? device.Name + "\t" : "";
        if (field == "dump")
        {
            Dump(device, prefix);
            return;
        }

        if (field == "peers")
        {
            foreach (PeerSnapshot peer in device.Snapshot.Peers)
            {
                output.WriteLine($"{prefix}{peer.PublicKey}");
            }

            return;
        }

        if (Array.Find(DeviceFields, candidate => candidate.Name == field) is { Value: { } deviceValue })
        {
            output.WriteLine($"{prefix}{deviceValue(device)}");
            return;
        }

        if (Array.Find(PeerFields, candidate => candidate.Name == field) is { Value: { } peerValue })
        {
            foreach (PeerSnapshot peer in device.Snapshot.Peers)
            {
                output.WriteLine($"{prefix}{peer.PublicKey}\t{peerValue(peer)}");
            }

            return;
        }

        throw new UsageException($"Invalid parameter: `{field}'");
    }

    // The columns are wg(8)'s and no more, because scripts count them.
    private void Dump(DeviceView device, string prefix)
    {
        DeviceSnapshot snapshot = device.Snapshot;
        string publicKey = device.PublicKey is { } key ? key.ToString() : "(none)";
        output.WriteLine($"{prefix}{Key(snapshot.PrivateKey)}\t{publicKey}\t{Number(snapshot.ListenPort)}\t{Mark(snapshot)}");
        foreach (PeerSnapshot peer in snapshot.Peers)
        {
            output.WriteLine(prefix + string.Join('\t', peer.PublicKey.ToString(), Key(peer.PresharedKey), Endpoint(peer), List(peer.AllowedIps, ','),
                Number(peer.LastHandshakeWallTime / 1_000_000_000), Number(peer.ReceivedBytes), Number(peer.SentBytes), Keepalive(peer)));
        }
    }

    private static string Learned(PeerSnapshot peer) =>
        OrNone(string.Join(' ', peer.LearnedAddresses.Select(learned => $"{InetText.Of(learned.Address, isIPv4: false)}={Number(learned.AgeSeconds)}")));

    private static string Refused(PeerSnapshot peer) =>
        OrNone(string.Join(' ', peer.Drops.Where(drop => RefusalReasons.Contains(drop.Reason)).Select(drop => $"{drop.Reason}={Number(drop.Count)}")));

    private static string OrNone(string list) => list.Length == 0 ? "(none)" : list;

    private static string Key(byte[]? key) => key is null ? "(none)" : Convert.ToBase64String(key);

    private static string Endpoint(PeerSnapshot peer) => peer.Endpoint is { } endpoint ? EndpointText.Of(endpoint) : "(none)";

    private static string Keepalive(PeerSnapshot peer) => peer.PersistentKeepalive == 0 ? "off" : Number(peer.PersistentKeepalive);

    private static string Mark(DeviceSnapshot snapshot) => snapshot.FirewallMark == 0 ? "off" : $"0x{snapshot.FirewallMark:x}";

    private static string List(List<IpPrefix> prefixes, char separator) => OrNone(string.Join(separator, prefixes));

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
