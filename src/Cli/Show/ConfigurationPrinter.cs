using System.Globalization;
using WgNet.Device;
using WgNet.Learning;
using WgNet.Routing;

namespace WgNet.Cli.Show;

/// <summary>
/// The output of <c>wg showconf</c>, byte for byte, which <c>setconf</c> reads again. WgNet's own keys come at the end of their section,
/// and only where they say something that is not the default. Keys that were read from files of their own are named by these files.
/// </summary>
internal sealed class ConfigurationPrinter(TextWriter output)
{
    public void Print(DeviceView device)
    {
        DeviceSnapshot snapshot = device.Snapshot;
        output.WriteLine("[Interface]");
        if (snapshot.ListenPort != 0)
        {
            Line("ListenPort", Number(snapshot.ListenPort));
        }

        if (snapshot.FirewallMark != 0)
        {
            Line("FwMark", $"0x{snapshot.FirewallMark:x}");
        }

        Secret("PrivateKey", snapshot.PrivateKey, snapshot.PrivateKeyFile);

        if (snapshot.Workers != WorkerCount.Automatic)
        {
            Line("Workers", Number(snapshot.Workers));
        }

        if (snapshot.MetricsListen is { } metrics)
        {
            Line("MetricsListen", metrics.ToString());
        }

        if (!snapshot.StateFile)
        {
            Line("StateFile", "off");
        }

        output.WriteLine();
        for (int i = 0; i < snapshot.Peers.Count; i++)
        {
            if (i > 0)
            {
                output.WriteLine();
            }

            Print(snapshot.Peers[i], isWgNet: snapshot.WgNetVersion is not null);
        }
    }

    private void Print(PeerSnapshot peer, bool isWgNet)
    {
        output.WriteLine("[Peer]");
        Line("PublicKey", peer.PublicKey.ToString());
        Secret("PresharedKey", peer.PresharedKey, peer.PresharedKeyFile);

        List("AllowedIPs", peer.AllowedIps);
        if (peer.Endpoint is { } endpoint)
        {
            Line("Endpoint", EndpointText.Of(endpoint));
        }

        if (peer.PersistentKeepalive != 0)
        {
            Line("PersistentKeepalive", Number(peer.PersistentKeepalive));
        }

        List("LearnableIPs", peer.LearnableIps);
        if (isWgNet && peer.LearnLimit != LearnDefaults.Limit)
        {
            Line("LearnLimit", Number(peer.LearnLimit));
        }

        if (isWgNet && peer.LearnTimeoutSeconds != (long)LearnDefaults.Timeout.TotalSeconds)
        {
            Line("LearnTimeout", Number(peer.LearnTimeoutSeconds));
        }
    }

    // What stands in a file of its own is never written elsewhere.
    private void Secret(string key, byte[]? secret, string? file)
    {
        if (secret is not null)
        {
            Line(file is null ? key : key + "File", file ?? Convert.ToBase64String(secret));
        }
    }

    private void List(string key, List<IpPrefix> prefixes)
    {
        if (prefixes.Count > 0)
        {
            Line(key, string.Join(", ", prefixes));
        }
    }

    private void Line(string key, string value) => output.WriteLine($"{key} = {value}");

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
