using System.Globalization;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>Metrics as real tools see them: curl fetches, promtool and Prometheus's own OpenMetrics parser judge.</summary>
public sealed class MetricsTests
{
    private const string OpenMetrics = "application/openmetrics-text; version=1.0.0";

    // The reference parser, which refuses what the specification does not allow.
    private const string ParseOpenMetrics =
        "import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse; "
        + "print(sum(len(family.samples) for family in parse(sys.stdin.read())))";

    [Fact]
    public void Scrape_AfterTrafficAndDrops_TellsWhatHappenedInBothFormats()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        string path = Path.Combine(network.Lab.Folder, "metrics.sock");
        Configure(network.Gateway, path);
        Tunnel owner = network.AddClient();
        Tunnel forger = network.AddClient();
        var stranger = KeyPair.Generate();
        network.Gateway.Set("peer " + stranger.Public);
        string address = SlaacNetwork.WaitForAddress(owner);
        SlaacNetwork.WaitForAddress(forger);
        Ping.Succeeds(owner.Host, SlaacNetwork.GatewayAddress);
        SlaacNetwork.AddAddress(forger, address);
        Ping.Fails(forger.Host, SlaacNetwork.GatewayAddress, "-I", address);
        owner.Host.Run("bash", "-c", $"echo nonsense > /dev/udp/{network.GatewayHost.Links[0].IPv4}/{Tunnel.Port}");

        string plain = Curl(network.GatewayHost, "--unix-socket", path, "http://wgnet/metrics");
        CommandResult promtool = Command.TryRun(["promtool", "check", "metrics"], plain);
        Assert.True(promtool is { Succeeded: true, Output: "", Error: "" }, promtool + plain);

        string open = Curl(network.GatewayHost, "--unix-socket", path, "-H", "Accept: " + OpenMetrics, "http://wgnet/metrics");
        CommandResult parser = Command.TryRun(["/usr/bin/python3", "-c", ParseOpenMetrics], open);
        Assert.True(parser.Succeeded, parser + open);
        Assert.Equal(
            open.Split('\n').Count(line => line.Length > 0 && line[0] != '#'),
            int.Parse(parser.Output, CultureInfo.InvariantCulture));

        Dictionary<string, double> values = Values(open);
        Assert.Equal(3, values[Name("wgnet_peers", network.Gateway)]);
        Assert.InRange(values[Name("wgnet_dropped_packets_total", network.Gateway, ",reason=\"malformed\"")], 1, 10);
        Assert.True(values[Name("wgnet_peer_conflicts_total", network.Gateway, forger.Keys)] >= 3);
        Assert.True(values[Name("wgnet_peer_learned_addresses", network.Gateway, owner.Keys)] >= 1);
        Assert.True(values[Name("wgnet_peer_handshakes_total", network.Gateway, owner.Keys)] >= 1);
        Assert.Equal(network.Gateway.LatestHandshake(owner), (long)values[Name("wgnet_peer_latest_handshake_timestamp_seconds", network.Gateway, owner.Keys)]);
        Assert.InRange(values[Name("wgnet_peer_received_bytes_total", network.Gateway, owner.Keys)], 100, network.Gateway.Transfer(owner).Received);
        Assert.True(values[Name("wgnet_worker_busy_seconds_total", network.Gateway, ",direction=\"inbound\",worker=\"0\"")] > 0);

        // Who never came is there with zeros, but for what is configured.
        string[] mine = [.. values.Where(value => value.Key.Contains(stranger.Public, StringComparison.Ordinal) && value.Value != 0).Select(value => value.Key)];
        Assert.Equal([Name("wgnet_peer_learn_limit_addresses", network.Gateway, stranger)], mine);
    }

    [Fact]
    public void MetricsListen_OverTheControlSocket_IsAllOrNothing()
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        var tunnel = Tunnel.Start(host, Implementation.WgNet);
        tunnel.Up(TunnelPair.DefaultMtu);

        Assert.Equal(0, UapiSocket.Set(tunnel.Name, "metrics_listen=127.0.0.1:9586"));
        Assert.Contains(("metrics_listen", "127.0.0.1:9586"), UapiSocket.Get(tunnel.Name));
        Assert.Contains(Name("wgnet_peers", tunnel), Curl(host, "http://127.0.0.1:9586/metrics"), StringComparison.Ordinal);

        // ENOENT, and EADDRINUSE of a port that another process has, at another address.
        var other = Tunnel.Start(host, Implementation.WgNet);
        other.Up(TunnelPair.DefaultMtu);
        other.ListenOn(1234);
        Assert.Equal(0, UapiSocket.Set(other.Name, "metrics_listen=127.0.0.2:9586"));
        Assert.Equal(-2, UapiSocket.Set(tunnel.Name, "metrics_listen=/nonexistent/metrics", "workers=2"));
        Assert.Equal(-98, UapiSocket.Set(tunnel.Name, "metrics_listen=:9586", "workers=2"));
        Assert.Contains("metrics cannot be served at /nonexistent/metrics: bind", tunnel.Daemon.Log, StringComparison.Ordinal);
        AssertUnchanged();

        // And of an outside port, when it could change.
        Assert.Equal(0, UapiSocket.Set(other.Name, "metrics_listen=off"));
        Assert.Equal(-98, UapiSocket.Set(tunnel.Name, "metrics_listen=:9586", "workers=2", "listen_port=1234"));
        AssertUnchanged();

        Assert.Equal(0, UapiSocket.Set(tunnel.Name, "metrics_listen=off"));
        Assert.DoesNotContain(UapiSocket.Get(tunnel.Name), line => line.Key == "metrics_listen");
        Assert.False(host.TryRun("curl -sS http://127.0.0.1:9586/metrics").Succeeded);

        void AssertUnchanged()
        {
            Assert.DoesNotContain(UapiSocket.Get(tunnel.Name), line => line.Key == "workers" || line == ("listen_port", "1234"));
            Assert.Contains(("metrics_listen", "127.0.0.1:9586"), UapiSocket.Get(tunnel.Name));
            Assert.Contains(Name("wgnet_peers", tunnel), Curl(host, "http://127.0.0.1:9586/metrics"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void MetricsListen_FromOneAddressToAllAndBack_KeepsItsPort()
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        var tunnel = Tunnel.Start(host, Implementation.WgNet);
        foreach ((string address, bool isEverywhere) in new[] { ("127.0.0.1:9586", false), (":9586", true), ("127.0.0.1:9586", false) })
        {
            host.Run(Programs.WgNet, "set", tunnel.Name, "metrics-listen", address);
            Assert.Contains(Name("wgnet_peers", tunnel), Curl(host, "http://127.0.0.1:9586/metrics"), StringComparison.Ordinal);
            Assert.Equal(isEverywhere, host.TryRun("curl -sS http://127.0.0.2:9586/metrics").Succeeded);
        }
    }

    [Fact]
    public void SocketFile_OfAnEndedDevice_IsGone()
    {
        using var lab = new Lab();
        string path = Path.Combine(lab.Folder, "metrics.sock");
        var tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        Configure(tunnel, path);
        Assert.True(File.Exists(path));
        tunnel.Daemon.Signal("TERM");
        Assert.True(tunnel.Daemon.WaitForExit(TimeSpan.FromSeconds(5)));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void HostileClients_ManyAndSilentAndLoud_KeepNobodyOut()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv6);
        Assert.Equal(0, UapiSocket.Set(pair.Left.Name, "metrics_listen=[::1]:9586"));
        Daemon[] hostile =
        [
            pair.LeftHost.Start("bash", "-c", "for i in $(seq 200); do exec {fd}<>/dev/tcp/::1/9586; done; sleep 60"),
            pair.LeftHost.Start("bash", "-c", "while true; do head -c 100000 /dev/urandom > /dev/tcp/::1/9586; done 2>/dev/null"),
            pair.LeftHost.Start("bash", "-c", "exec 3<>/dev/tcp/::1/9586; while echo -n x >&3; do sleep 0.1; done; sleep 60"),
        ];
        for (int i = 0; i < 20; i++)
        {
            Assert.Contains("wgnet_peers", Curl(pair.LeftHost, "http://[::1]:9586/metrics"), StringComparison.Ordinal);
            Thread.Sleep(50);
        }

        Assert.All(hostile, client => Assert.False(client.HasExited));
        pair.PingBothWays();
        Assert.False(pair.Left.Daemon.HasExited, pair.Left.Daemon.Log);
    }

    private static void Configure(Tunnel tunnel, string path)
    {
        string file = path + ".conf";
        File.WriteAllText(file, $"[Interface]\nMetricsListen = {path}\n");
        tunnel.Host.Run(Programs.WgNet, "addconf", tunnel.Name, file);
    }

    private static string Curl(Host host, params string[] arguments)
    {
        CommandResult result = host.TryRun(["curl", "-sS", "--fail", "--max-time", "10", .. arguments]);
        Assert.True(result.Succeeded, result.ToString());
        return result.Output;
    }

    private static string Name(string name, Tunnel tunnel, string labels = "") => $"{name}{{interface=\"{tunnel.Name}\"{labels}}}";

    private static string Name(string name, Tunnel tunnel, KeyPair peer) => Name(name, tunnel, $",public_key=\"{peer.Public}\"");

    private static Dictionary<string, double> Values(string text) => text
        .Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#')
        .ToDictionary(
            line => line[..line.LastIndexOf(' ')],
            line => double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture),
            StringComparer.Ordinal);
}
