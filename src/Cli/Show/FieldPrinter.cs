using System.Globalization;
using WgNet.Device;
using WgNet.Routing;

namespace WgNet.Cli.Show;

/// <summary>
/// The forms of <c>wg show</c> for scripts: one field, tab-separated. Where all interfaces are shown, each line begins with its
/// interface (stock wg 1.0.20210914 forgets that on all but the first line of <c>endpoints</c>; here every line has it).
/// </summary>
/// <param name="withInterface">Whether lines begin with the interface's name.</param>
internal sealed class FieldPrinter(TextWriter output, bool withInterface)
{
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
        ("learned-ips", peer => List([.. peer.LearnedAddresses.Select(learned => new IpPrefix(learned.Address, 128, isIPv4: false))], ' ')),
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

    private static string Key(byte[]? key) => key is null ? "(none)" : Convert.ToBase64String(key);

    private static string Endpoint(PeerSnapshot peer) => peer.Endpoint?.ToString() ?? "(none)";

    private static string Keepalive(PeerSnapshot peer) => peer.PersistentKeepalive == 0 ? "off" : Number(peer.PersistentKeepalive);

    private static string Mark(DeviceSnapshot snapshot) => snapshot.FirewallMark == 0 ? "off" : $"0x{snapshot.FirewallMark:x}";

    private static string List(List<IpPrefix> prefixes, char separator) => prefixes.Count == 0 ? "(none)" : string.Join(separator, prefixes);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
