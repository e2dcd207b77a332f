using System.Globalization;
using System.Text;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>wg(8) and wg-quick(8) as Debian ships them drive WgNet as they drive the kernel.</summary>
public sealed class StockToolsTests
{
    [Fact]
    public void WgSet_EverySetting_IsReadBack()
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        string peer = KeyPair.Generate().Public;
        string psk = Command.Run("wg", "genpsk").Trim();
        CommandResult set = tunnel.Host.TryRun(
            [
                "wg", "set", tunnel.Name, "listen-port", "51821", "fwmark", "0x1234",
                "peer", peer, "preshared-key", "/dev/stdin", "endpoint", "[2001:db8::5]:1234",
                "persistent-keepalive", "25", "allowed-ips", "10.0.0.0/8,2001:db8:5::/48,192.0.2.7/32",
            ],
            psk);
        Assert.True(set.Succeeded, set.ToString());

        string[] dump = tunnel.Host.Run($"wg show {tunnel.Name} dump").Split('\n');
        Assert.Equal($"{tunnel.Keys.Private}\t{tunnel.Keys.Public}\t51821\t0x1234", dump[0]);
        Assert.StartsWith($"{peer}\t{psk}\t[2001:db8::5]:1234\t", dump[1], StringComparison.Ordinal);
        string[] peerFields = dump[1].Split('\t');
        Assert.Equal(["10.0.0.0/8", "192.0.2.7/32", "2001:db8:5::/48"], peerFields[3].Split(',').Order(StringComparer.Ordinal));
        Assert.Equal(["0", "0", "0", "25"], peerFields[4..]);

        tunnel.Set($"fwmark 0 peer {peer} persistent-keepalive off allowed-ips 10.0.0.0/9 preshared-key /dev/null");
        dump = tunnel.Host.Run($"wg show {tunnel.Name} dump").Split('\n');
        Assert.EndsWith("\t51821\toff", dump[0], StringComparison.Ordinal);
        Assert.Equal($"{peer}\t(none)\t[2001:db8::5]:1234\t10.0.0.0/9\t0\t0\t0\toff", dump[1]);
    }

    [Fact]
    public void WgShow_WithLearning_PassesOverWhatItDoesNotKnow()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = network.AddClient();
        SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        Assert.NotEmpty(network.Learned(client));

        CommandResult show = network.GatewayHost.TryRun($"wg show {network.Gateway.Name}");
        Assert.True(show.Succeeded, show.ToString());
        Assert.Empty(show.Error);
        Assert.Contains("interface: " + network.Gateway.Name, show.Output, StringComparison.Ordinal);
        Assert.Contains("peer: " + client.Keys.Public, show.Output, StringComparison.Ordinal);
        Assert.Contains("latest handshake: ", show.Output, StringComparison.Ordinal);
        Assert.Contains("transfer: ", show.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void WgConf_SetAddSyncShow_ConfigureAndRoundTrip()
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        string a = KeyPair.Generate().Public, b = KeyPair.Generate().Public, c = KeyPair.Generate().Public;
        string file = Path.Combine(lab.Folder, "wg.conf");

        string head = $"[Interface]\nPrivateKey = {tunnel.Keys.Private}\nListenPort = 51822\n";
        Write(head + Peer(a, "10.1.0.0/16") + Peer(b, "10.2.0.0/16, fd02::/64"));
        tunnel.Host.Run($"wg setconf {tunnel.Name} {file}");
        Assert.Equal(Sorted(a, b), Peers(tunnel));

        Write(Peer(c, "10.3.0.0/16"));
        tunnel.Host.Run($"wg addconf {tunnel.Name} {file}");
        Assert.Equal(Sorted(a, b, c), Peers(tunnel));

        Write(head + Peer(a, "10.1.0.0/16") + Peer(c, "10.4.0.0/16"));
        tunnel.Host.Run($"wg syncconf {tunnel.Name} {file}");
        Assert.Equal(Sorted(a, c), Peers(tunnel));
        Assert.Contains($"{c}\t10.4.0.0/16", tunnel.Host.Run($"wg show {tunnel.Name} allowed-ips"), StringComparison.Ordinal);

        string shown = tunnel.Host.Run($"wg showconf {tunnel.Name}");
        Write(shown);
        tunnel.Host.Run($"wg setconf {tunnel.Name} {file}");
        Assert.Equal(shown, tunnel.Host.Run($"wg showconf {tunnel.Name}"));

        void Write(string text) => File.WriteAllText(file, text);
    }

    [Fact]
    public void WgSetconf_65280AllowedIps_AreReadBackExactly()
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        var expected = new HashSet<string>(StringComparer.Ordinal);
        var conf = new StringBuilder($"[Interface]\nPrivateKey = {tunnel.Keys.Private}\n");
        for (int i = 0; i < 255; i++)
        {
            string key = KeyPair.Generate().Public;
            conf.Append(CultureInfo.InvariantCulture, $"[Peer]\nPublicKey = {key}\n");
            for (int j = 0; j < 256; j++)
            {
                string prefix = (j % 2 == 0)
                    ? string.Create(CultureInfo.InvariantCulture, $"10.{i}.{j}.0/24")
                    : string.Create(CultureInfo.InvariantCulture, $"fd00:{i:x}:{j:x}::/48");
                conf.Append(CultureInfo.InvariantCulture, $"AllowedIPs = {prefix}\n");
                expected.Add(key + " " + prefix);
            }
        }

        string file = Path.Combine(lab.Folder, "many.conf");
        File.WriteAllText(file, conf.ToString());
        tunnel.Host.Run($"wg setconf {tunnel.Name} {file}");

        IEnumerable<string> actual = tunnel.Host.Run($"wg show {tunnel.Name} allowed-ips")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))
            .SelectMany(parts => parts[1].Split(' ').Select(prefix => parts[0] + " " + prefix));
        Assert.True(expected.SetEquals(actual));
        Assert.Equal(65280, expected.Count);
    }

    [Theory]
    [MemberData(nameof(Matrix.Outsides), MemberType = typeof(Matrix))]
    public void WgQuick_UpAndDown_RunsTheTunnelAndLeavesNothing(Outside outside) =>
        UpAndDown(outside, "wg-quick", TunnelPair.RightAllowedIps, Tunnel.Port);

    /// <summary>The default route brings wg-quick's policy routing and firewall rules with it.</summary>
    [Theory]
    [MemberData(nameof(Matrix.Outsides), MemberType = typeof(Matrix))]
    public void WgQuick_DefaultRoute_CarriesEverythingButItself(Outside outside) =>
        UpAndDown(outside, "wg-quick", "0.0.0.0/0, ::/0", Tunnel.Port);

    [Theory]
    [MemberData(nameof(Matrix.Outsides), MemberType = typeof(Matrix))]
    public void WgNetUp_UpAndDown_RunsTheTunnelAndLeavesNothing(Outside outside) =>
        UpAndDown(outside, Programs.WgNet, TunnelPair.RightAllowedIps, Tunnel.Port);

    [Theory]
    [MemberData(nameof(Matrix.Outsides), MemberType = typeof(Matrix))]
    public void WgNetUp_DefaultRoute_CarriesEverythingButItself(Outside outside) =>
        UpAndDown(outside, Programs.WgNet, "0.0.0.0/0, ::/0", Tunnel.Port);

    private static void UpAndDown(Outside outside, string quick, string allowedIps, int port)
    {
        using var lab = new Lab();
        Host left = lab.AddHost("left");
        Host right = lab.AddHost("right");
        lab.Link(left, right);
        Tunnel peer = Tunnel.Start(right, Implementation.WireGuardGo);
        peer.ListenOn(port);
        peer.Up(TunnelPair.DefaultMtu, TunnelPair.RightIPv4 + "/24", TunnelPair.RightIPv6 + "/64");

        string name = left.NewInterfaceName();
        KeyPair keys = KeyPair.Generate();
        string file = Path.Combine(lab.Folder, name + ".conf");
        string log = Path.Combine(lab.Folder, "hooks");
        File.WriteAllText(
            file,
            $"""
            [Interface]
            PrivateKey = {keys.Private}
            Address = {TunnelPair.LeftIPv4}/24, {TunnelPair.LeftIPv6}/64
            MTU = 1400
            PostUp = echo up %i >> {log}
            PostDown = echo down %i >> {log}

            [Peer]
            PublicKey = {peer.Keys.Public}
            AllowedIPs = {allowedIps}
            Endpoint = {Tunnel.Endpoint(right.Address(outside), port)}
            PersistentKeepalive = 5
            """);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        peer.Set($"peer {keys.Public} allowed-ips {TunnelPair.LeftAllowedIps}");
        string rulesBefore = Rules(left);

        string[] environment = ["env", "WG_QUICK_USERSPACE_IMPLEMENTATION=" + Programs.Of(Implementation.WgNet)];
        CommandResult up = left.TryRun([.. environment, quick, "up", file]);
        Assert.True(up.Succeeded, up.ToString());
        Ping.Succeeds(left, TunnelPair.RightIPv4);
        Ping.Succeeds(right, TunnelPair.LeftIPv6);
        Assert.Contains("mtu 1400 ", left.Run($"ip link show {name}"), StringComparison.Ordinal);
        if (allowedIps.Contains("/0", StringComparison.Ordinal))
        {
            right.Run("ip address add 203.0.113.9/32 dev lo");
            Ping.Succeeds(left, "203.0.113.9");
        }

        CommandResult down = left.TryRun([.. environment, quick, "down", file]);
        Assert.True(down.Succeeded, down.ToString());
        Assert.False(left.TryRun($"ip link show {name}").Succeeded);
        Assert.Equal(rulesBefore, Rules(left));
        Assert.Equal($"up {name}\ndown {name}\n", File.ReadAllText(log));
        Wait.Until(
            () => !File.Exists(UapiSocket.PathOf(name)) && left.ProcessIds.Count == 0,
            TimeSpan.FromSeconds(5),
            () => "left: " + string.Join(' ', left.ProcessIds.Select(pid => File.ReadAllText($"/proc/{pid}/comm"))));
    }

    private static string Rules(Host host) => host.Run("ip rule") + host.Run("ip -6 rule") + host.Run("nft list ruleset");

    private static string Peer(string key, string allowedIps) => $"\n[Peer]\nPublicKey = {key}\nAllowedIPs = {allowedIps}\n";

    private static string[] Peers(Tunnel tunnel) =>
        Sorted(tunnel.Host.Run($"wg show {tunnel.Name} peers").Split('\n', StringSplitOptions.RemoveEmptyEntries));

    private static string[] Sorted(params string[] keys) => [.. keys.Order(StringComparer.Ordinal)];
}
