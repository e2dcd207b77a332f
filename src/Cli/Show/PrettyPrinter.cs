using System.Globalization;
using WgNet.Device;
using WgNet.Routing;

namespace WgNet.Cli.Show;

/// <summary>
/// The layout of <c>wg show</c>, line for line, with WgNet's own lines (learnable and learned addresses, drops) where there is
/// something to say.
/// </summary>
/// <param name="now">Seconds since 1970-01-01 UTC.</param>
/// <param name="hideKeys">False when <c>WG_HIDE_KEYS</c> is <c>never</c>.</param>
internal sealed class PrettyPrinter(TextWriter output, Paint paint, long now, bool hideKeys)
{
    public void Print(DeviceView device)
    {
        DeviceSnapshot snapshot = device.Snapshot;
        output.Write(paint.Reset);
        output.WriteLine(paint.GreenHeading("interface", device.Name));
        if (device.PublicKey is { } publicKey)
        {
            Line("public key", publicKey.ToString());
        }

        if (snapshot.PrivateKey is { } privateKey)
        {
            Line("private key", Secret(privateKey));
        }

        if (snapshot.ListenPort != 0)
        {
            Line("listening port", snapshot.ListenPort.ToString(CultureInfo.InvariantCulture));
        }

        if (snapshot.FirewallMark != 0)
        {
            Line("fwmark", $"0x{snapshot.FirewallMark:x}");
        }

        if (snapshot.Workers != WorkerCount.Automatic)
        {
            Line("workers", snapshot.Workers.ToString(CultureInfo.InvariantCulture));
        }

        if (snapshot.MetricsListen is { } metrics)
        {
            Line("metrics", metrics.ToString());
        }

        if (!snapshot.StateFile || snapshot.StateFileFailures > 0)
        {
            Line("state file", snapshot.StateFile ? $"{snapshot.StateFileFailures} failures to write it" : "off");
        }

        PrintDrops(snapshot.Drops);

        // The peer heard from last comes first, those never heard from come last, in the device's order.
        foreach (PeerSnapshot peer in snapshot.Peers.OrderByDescending(peer => peer.LastHandshakeWallTime))
        {
            output.WriteLine();
            Print(peer);
        }
    }

    private void Print(PeerSnapshot peer)
    {
        output.WriteLine(paint.YellowHeading("peer", peer.PublicKey.ToString()));
        if (peer.PresharedKey is { } presharedKey)
        {
            Line("preshared key", Secret(presharedKey));
        }

        if (peer.Endpoint is { } endpoint)
        {
            Line("endpoint", EndpointText.Of(endpoint));
        }

        if (peer.EndpointHost is { } host && (peer.Endpoint is null || peer.EndpointHostFailures > 0))
        {
            string unresolved = peer.Endpoint is null ? "not resolved yet, " : "";
            Line("endpoint name", string.Create(CultureInfo.InvariantCulture, $"{host}, {unresolved}{peer.EndpointHostFailures} failures to resolve it"));
        }

        Line("allowed ips", peer.AllowedIps.Count == 0 ? "(none)" : List(peer.AllowedIps));
        if (peer.LearnableIps.Count > 0)
        {
            Line("learnable ips", List(peer.LearnableIps));
        }

        if (peer.LearnedAddresses.Count > 0)
        {
            Line("learned ips", string.Join(", ", peer.LearnedAddresses.Select(Learned)));
        }

        if (peer.LastHandshakeWallTime != 0)
        {
            Line("latest handshake", HumanUnits.Ago(peer.LastHandshakeWallTime / 1_000_000_000, now, paint));
        }

        if ((peer.ReceivedBytes | peer.SentBytes) != 0)
        {
            Line("transfer", $"{HumanUnits.Bytes(peer.ReceivedBytes, paint)} received, {HumanUnits.Bytes(peer.SentBytes, paint)} sent");
        }

        if (peer.PersistentKeepalive != 0)
        {
            Line("persistent keepalive", $"every {HumanUnits.Duration(peer.PersistentKeepalive, paint)}");
        }

        PrintDrops(peer.Drops);
    }

    private void PrintDrops(List<(string Reason, long Count)> drops)
    {
        if (drops.Exists(drop => drop.Count > 0))
        {
            Line("dropped", string.Join(", ", drops.Where(drop => drop.Count > 0).Select(Drop)));
        }
    }

    private static string Drop((string Reason, long Count) drop) =>
        string.Create(CultureInfo.InvariantCulture, $"{drop.Count} {drop.Reason.Replace('_', ' ')}");

    private static string Learned(LearnedAddressSnapshot learned) =>
        $"{InetText.Of(learned.Address, isIPv4: false)} ({HumanUnits.ShortDuration(learned.AgeSeconds)} ago{(learned.IsPinned ? ", pinned" : "")})";

    private void Line(string label, string value) => output.WriteLine($"  {paint.Bold(label)}: {value}");

    private string Secret(byte[] key) => hideKeys ? "(hidden)" : Convert.ToBase64String(key);

    private string List(IEnumerable<IpPrefix> prefixes) => string.Join(", ", prefixes.Select(
        prefix => $"{InetText.Of(prefix.Address, prefix.IsIPv4)}{paint.Cyan("/")}{prefix.Length}"));
}
