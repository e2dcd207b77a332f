using System.Net;
using System.Net.Sockets;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary><c>wgnet reload</c>: a changed file on a running interface.</summary>
public sealed class QuickReloadTests
{
    private static readonly KeyPair Own = KeyPair.Generate(), First = KeyPair.Generate(), Second = KeyPair.Generate();

    public static TheoryData<string, string, string> Changes { get; } = new()
    {
        { "an address more", "Address = 10.0.0.1/24" + Peer("10.9.0.0/16"), "Address = 10.0.0.1/24, 10.0.5.1/24, fd00::1/64" + Peer("10.9.0.0/16") },
        { "the first address of a subnet", "Address = 10.0.0.1/24, 10.0.0.2/24" + Peer("10.9.0.0/16"), "Address = 10.0.0.2/24" + Peer("10.9.0.0/16") },
        { "the only address", "Address = 10.0.0.1/24" + Peer("10.9.0.0/16, fd09::/64"), "Address = 10.0.0.3/24" + Peer("10.9.0.0/16, fd09::/64") },
        { "no IPv4 address any more", "Address = 10.0.0.1/24, fd00::1/64" + Peer("10.9.0.0/16, fd09::/64"), "Address = fd00::1/64" + Peer("10.9.0.0/16, fd09::/64") },
        { "a network that the addresses no longer lead to", "Address = 10.0.0.1/16" + Peer("10.0.7.0/24"), "Address = 10.0.0.1/24" + Peer("10.0.7.0/24") },
        { "a network that the addresses lead to by now", "Address = 10.0.0.1/24" + Peer("10.0.7.0/24"), "Address = 10.0.0.1/16" + Peer("10.0.7.0/24") },
        { "the MTU", "Address = 10.0.0.1/24\nMTU = 1400" + Peer("10.9.0.0/16"), "Address = 10.0.0.1/24\nMTU = 1390" + Peer("10.9.0.0/16") },
        { "from an MTU to the endpoint's", "Address = 10.0.0.1/24\nMTU = 1400" + Peer("10.9.0.0/16"), "Address = 10.0.0.1/24" + Peer("10.9.0.0/16", "172.16.2.2:51820") },
        { "from an MTU too small for IPv6", "Address = 10.0.0.1/24, fd00::1/64\nMTU = 1200" + Peer("10.9.0.0/16"), "Address = 10.0.0.1/24, fd00::1/64" + Peer("10.9.0.0/16, fd09::/64") },
        { "prefixes", "Address = 10.0.0.1/24" + Peer("10.9.0.0/16, 10.8.0.0/16, fd09::/64"), "Address = 10.0.0.1/24" + Peer("10.9.0.0/16, 10.7.0.0/16, fd07::/64") },
        { "a prefix from one peer to the other", "Address = 10.0.0.1/24" + Peer("10.9.0.0/16, 10.8.0.0/16") + Other("10.5.0.0/16"), "Address = 10.0.0.1/24" + Peer("10.9.0.0/16") + Other("10.8.0.0/16") },
        { "peers change places", "Address = 10.0.0.1/24" + Peer("10.9.0.0/16") + Other("10.5.0.0/16"), "Address = 10.0.0.1/24" + Peer("10.5.0.0/16") + Other("10.9.0.0/16") },
        { "a peer more", "Address = 10.0.0.1/24" + Peer("10.9.0.0/16"), "Address = 10.0.0.1/24" + Peer("10.9.0.0/16") + Other("10.5.0.0/16, fd05::/64") },
        { "a peer less", "Address = 10.0.0.1/24" + Peer("10.9.0.0/16") + Other("10.5.0.0/16"), "Address = 10.0.0.1/24" + Peer("10.9.0.0/16") },
        { "everything through the tunnel", "Address = 10.0.0.1/24, fd00::1/64" + Peer("10.9.0.0/16"), "Address = 10.0.0.1/24, fd00::1/64" + Peer("0.0.0.0/0, ::/0, 10.9.0.0/16") },
        { "no longer everything", "Address = 10.0.0.1/24, fd00::1/64" + Peer("0.0.0.0/0, ::/0"), "Address = 10.0.0.1/24, fd00::1/64" + Peer("10.9.0.0/16") },
        { "all of IPv6 too", "Address = 10.0.0.1/24, fd00::1/64" + Peer("0.0.0.0/0"), "Address = 10.0.0.1/24, fd00::1/64" + Peer("0.0.0.0/0, ::/0") },
        { "everything, from another address", "Address = 10.0.0.1/24, fd00::1/64" + Peer("0.0.0.0/0, ::/0"), "Address = 10.0.0.2/24, fd00::2/64" + Peer("0.0.0.0/0, ::/0") },
        { "a mark", "Address = 10.0.0.1/24" + Peer("10.9.0.0/16"), "Address = 10.0.0.1/24\nFwMark = 77" + Peer("10.9.0.0/16") },
        { "no mark any more", "Address = 10.0.0.1/24\nFwMark = 77" + Peer("10.9.0.0/16"), "Address = 10.0.0.1/24" + Peer("10.9.0.0/16") },
        { "a table of its own", "Address = 10.0.0.1/24" + Peer("10.9.0.0/16, 0.0.0.0/0"), "Address = 10.0.0.1/24\nTable = 1234" + Peer("10.9.0.0/16, 0.0.0.0/0") },
        { "the main table, by the number 0", "Address = 10.0.0.1/24\nTable = 0" + Peer("10.9.0.0/16"), "Address = 10.0.0.1/24\nTable = 0" + Peer("10.9.0.0/16, fd09::/64") },
        { "no routes any more", "Address = 10.0.0.1/24\nTable = 1234" + Peer("10.9.0.0/16, ::/0"), "Address = 10.0.0.1/24\nTable = off" + Peer("10.9.0.0/16, ::/0") },
        { "name servers", "Address = 10.0.0.1/24\nDNS = 10.0.0.53" + Peer("10.9.0.0/16"), "Address = 10.0.0.1/24\nDNS = 10.0.0.54, example.org" + Peer("10.9.0.0/16") },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Reload_ChangedFile_MakesWhatUpMakesAndFailingMakesNothing(string what, string before, string after)
    {
        _ = what;
        using var lab = new QuickLab();
        lab.AddResolvconf();
        lab.Host.Sysctl("net.ipv4.conf.all.src_valid_mark", 1);
        Write(lab, after);
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        string expected = Sorted(lab.State());
        lab.MustRun(Programs.WgNet, "down", lab.ConfigurationFile);
        string nothing = lab.State();
        Write(lab, before);
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        string original = lab.State();

        // The port is taken, which only the device finds out: everything else has been done by then.
        using (Bind(lab.Host, 51999))
        {
            Write(lab, "ListenPort = 51999\n" + after);
            CommandResult refused = lab.Run(Programs.WgNet, "reload", lab.ConfigurationFile);
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains(":3: ListenPort = 51999: ", refused.Error, StringComparison.Ordinal);
            Assert.Equal(Sorted(original), Sorted(lab.State()));
        }

        Write(lab, after);
        CommandResult dry = lab.Run(Programs.WgNet, "reload", "--dry-run", lab.ConfigurationFile);
        Assert.True(dry.Succeeded, dry.ToString());
        Assert.Equal(Sorted(original), Sorted(lab.State()));

        CommandResult reload = lab.Run(Programs.WgNet, "reload", lab.ConfigurationFile);
        Assert.True(reload.Succeeded, reload.ToString());
        Assert.Equal(dry.Output, reload.Output);
        Assert.NotEmpty(reload.Output);
        Assert.Equal(expected, Sorted(lab.State()));

        CommandResult again = lab.Run(Programs.WgNet, "reload", lab.ConfigurationFile);
        Assert.True(again.Succeeded, again.ToString());
        Assert.Empty(again.Output);
        Assert.Contains("nothing to change", again.Error, StringComparison.Ordinal);
        lab.MustRun(Programs.WgNet, "down", lab.ConfigurationFile);
        Assert.Equal(nothing, lab.State());
    }

    [Fact]
    public void Reload_EachKindOfChange_IsPrintedAsALine()
    {
        using var lab = new QuickLab();
        lab.AddResolvconf();
        Write(lab, "Address = 10.0.0.1/24, fd00::1/64\nMTU = 1400\nDNS = 10.0.0.53\nListenPort = 51905\nStateFile = off" + Peer("10.9.0.0/16") + "LearnableIPs = fd05::/64\n");
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        Write(lab, "Address = 10.0.0.1/24, fd00::2/64\nMTU = 1390\nDNS = fd00::53, example.org\nListenPort = 51906\nFwMark = 5\nMetricsListen = 127.0.0.1:9586" + Other("10.5.0.0/16")
            + Peer("10.8.0.0/16") + "LearnableIPs = fd06::/64\nLearnLimit = 3\nPersistentKeepalive = 25\nEndpoint = 172.16.1.2:51820\n" + $"PresharedKey = {Own.Private}\n");

        CommandResult reload = lab.Run(Programs.WgNet, "reload", lab.ConfigurationFile);

        Assert.True(reload.Succeeded, reload.ToString());
        Assert.Equal(
            $"""
            - Address = fd00::1/64
            + Address = fd00::2/64
            - MTU = 1400
            + MTU = 1390
            - DNS = 10.0.0.53
            + DNS = fd00::53, example.org
            + FwMark = 0x5
            - route 10.9.0.0/16
            - route fd05::/64
            + route fd06::/64
            + route 10.5.0.0/16
            + route 10.8.0.0/16
            - ListenPort = 51905
            + ListenPort = 51906
            + MetricsListen = 127.0.0.1:9586
            - StateFile = off
            + peer {Second.Public}
            + peer {Second.Public} AllowedIPs = 10.5.0.0/16
            + peer {First.Public} PresharedKey = (hidden)
            + peer {First.Public} Endpoint = 172.16.1.2:51820
            + peer {First.Public} PersistentKeepalive = 25
            - peer {First.Public} LearnLimit = 16
            + peer {First.Public} LearnLimit = 3
            - peer {First.Public} AllowedIPs = 10.9.0.0/16
            + peer {First.Public} AllowedIPs = 10.8.0.0/16
            - peer {First.Public} LearnableIPs = fd05::/64
            + peer {First.Public} LearnableIPs = fd06::/64

            """,
            reload.Output);
        Assert.EndsWith($"-a {lab.Name} -m 0 -x\nnameserver fd00::53\nsearch example.org\n", lab.DnsCalls, StringComparison.Ordinal);
    }

    /// <summary>What hooks and people added beside the file stays, as long as the file does not speak of it.</summary>
    [Fact]
    public void Reload_WhatOthersAdded_Stays()
    {
        using var lab = new QuickLab();
        Write(lab, $"Address = 10.0.0.1/24\nPostUp = ip address add 10.66.0.1/32 dev %i; ip route add 10.77.0.0/16 dev %i; wg set %i fwmark 99" + Peer("10.9.0.0/16"));
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        Write(lab, "Address = 10.0.5.1/24" + Peer("10.8.0.0/16"));

        lab.MustRun(Programs.WgNet, "reload", lab.ConfigurationFile);

        string state = lab.State();
        Assert.Contains("inet 10.66.0.1/32 ", state, StringComparison.Ordinal);
        Assert.Contains($"10.77.0.0/16 dev {lab.Name} scope link", state, StringComparison.Ordinal);
        Assert.Contains("0x63\n", state, StringComparison.Ordinal);
        Assert.Contains($"10.8.0.0/16 dev {lab.Name} scope link", state, StringComparison.Ordinal);
        Assert.DoesNotContain("10.9.0.0", state, StringComparison.Ordinal);
        Assert.DoesNotContain("10.0.0.1", state, StringComparison.Ordinal);
    }

    [Fact]
    public void Reload_OfWhatWgQuickBroughtUp_GoesByWhatIsThere()
    {
        using var lab = new QuickLab();
        Write(lab, "Address = 10.0.0.1/24, fd00::1/64" + Peer("0.0.0.0/0, ::/0, 10.9.0.0/16"));
        lab.MustRun(QuickLab.Stock, "up", lab.ConfigurationFile);
        Write(lab, "Address = 10.0.5.1/24" + Peer("10.8.0.0/16"));

        CommandResult reload = lab.Run(Programs.WgNet, "reload", lab.ConfigurationFile);

        Assert.True(reload.Succeeded, reload.ToString());
        string state = lab.State();
        Assert.Contains("inet 10.0.5.1/24 ", state, StringComparison.Ordinal);
        Assert.DoesNotContain("10.0.0.1", state, StringComparison.Ordinal);
        Assert.DoesNotContain("fd00::1", state, StringComparison.Ordinal);
        Assert.DoesNotContain("51820", state, StringComparison.Ordinal);
    }

    [Fact]
    public void Reload_NotRunning_SaysWhatToDo()
    {
        using var lab = new QuickLab();
        Write(lab, "Address = 10.0.0.1/24");

        CommandResult reload = lab.Run(Programs.WgNet, "reload", lab.ConfigurationFile);

        Assert.Equal(1, reload.ExitCode);
        Assert.Equal($"wgnet: `{lab.Name}' is not running: wgnet up {lab.ConfigurationFile}\n", reload.Error);
    }

    /// <summary>The tunnel carries a TCP stream all the while, by a session that began before and is the same afterwards.</summary>
    [Fact]
    public async Task Reload_UnderATcpStream_DropsNoSessionAndNoLearnedAddress()
    {
        using var lab = new QuickLab();
        Tunnel peer = Tunnel.Start(lab.Far, Implementation.WireGuardGo);
        KeyPair own = KeyPair.Generate();
        peer.ListenOn(Tunnel.Port);
        peer.Set($"peer {own.Public} allowed-ips 10.9.0.0/24,fd0a::/64 endpoint 172.16.1.1:{Tunnel.Port}");
        peer.Up(TunnelPair.DefaultMtu, "10.9.0.2/24", "fd0a::55/64");
        string leaving = KeyPair.Generate().Public, coming = KeyPair.Generate().Public;
        string head = $"[Interface]\nPrivateKey = {own.Private}\nListenPort = {Tunnel.Port}\n";
        string endpoint = $"Endpoint = 172.16.1.2:{Tunnel.Port}\n";
        lab.Write($"{head}Address = 10.9.0.1/24, fd0a::1/64\n\n[Peer]\nPublicKey = {peer.Keys.Public}\nAllowedIPs = 10.9.0.2/32\nLearnableIPs = fd0a::/64\n{endpoint}"
            + $"\n[Peer]\nPublicKey = {leaving}\nAllowedIPs = 10.5.0.0/16\n");
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        Wait.Until(() => lab.Host.Run("ss -Hnlu").Contains($":{Tunnel.Port} ", StringComparison.Ordinal), TimeSpan.FromSeconds(10), "no socket");
        Ping.Succeeds(lab.Far, "fd0a::1");
        Ping.Succeeds(lab.Far, "10.9.0.1");
        string learned = Learned();
        Assert.Contains("learned_ip=fd0a::55/128", learned, StringComparison.Ordinal);
        string handshake = lab.Host.Run($"wg show {lab.Name} latest-handshakes").Split('\n').First(line => line.StartsWith(peer.Keys.Public, StringComparison.Ordinal));

        var stream = Task.Run(() => TcpTransfer.RunFor(lab.Far, lab.Host, "10.9.0.1", TimeSpan.FromSeconds(4)));
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        lab.Write(head + "Address = 10.9.0.1/24\n[Peer]\nPublicKey = wrong\n");
        CommandResult wrong = lab.Run(Programs.WgNet, "reload", lab.ConfigurationFile);
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains(lab.ConfigurationFile + ":6: PublicKey = wrong: ", wrong.Error, StringComparison.Ordinal);
        lab.Write($"{head}Address = 10.9.0.1/24, 10.9.7.1/24, fd0a::1/64\nMTU = 1380\n\n[Peer]\nPublicKey = {peer.Keys.Public}\nAllowedIPs = 10.9.0.2/32, 10.6.0.0/16\n"
            + $"LearnableIPs = fd0a::/64\n{endpoint}\n[Peer]\nPublicKey = {coming}\nAllowedIPs = 10.5.0.0/16\n");
        lab.MustRun(Programs.WgNet, "reload", lab.ConfigurationFile);

        // Verifies every byte.
        Assert.True(await stream > 1 << 20, "the stream went on");
        string state = lab.State();
        Assert.StartsWith("mtu 1380 up\n", state, StringComparison.Ordinal);
        Assert.Contains("inet 10.9.7.1/24 ", state, StringComparison.Ordinal);
        Assert.Contains($"{peer.Keys.Public}\t10.9.0.2/32 10.6.0.0/16", state, StringComparison.Ordinal);
        Assert.Contains($"{coming}\t10.5.0.0/16", state, StringComparison.Ordinal);
        Assert.DoesNotContain(leaving, state, StringComparison.Ordinal);
        Assert.Contains("learned_ip=fd0a::55/128", Learned(), StringComparison.Ordinal);
        Assert.Contains(handshake, lab.Host.Run($"wg show {lab.Name} latest-handshakes"), StringComparison.Ordinal);

        string Learned() => string.Join('\n', UapiSocket.Get(lab.Name).Where(line => line.Key == "learned_ip").Select(line => $"{line.Key}={line.Value}"));
    }

    /// <summary>A peer that moved since is not sent back to where the file says that it began.</summary>
    [Fact]
    public void Reload_PeerThatRoamed_StaysWhereItIs()
    {
        using var lab = new QuickLab();
        Write(lab, "Address = 10.0.0.1/24" + Peer("10.9.0.0/16", "172.16.1.2:51820"));
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        lab.Host.Run($"wg set {lab.Name} peer {First.Public} endpoint 172.16.1.99:40000");
        Write(lab, "Address = 10.0.0.1/24" + Peer("10.8.0.0/16", "172.16.1.2:51820"));
        lab.MustRun(Programs.WgNet, "reload", lab.ConfigurationFile);
        Assert.Contains("172.16.1.99:40000", lab.Host.Run($"wg show {lab.Name} endpoints"), StringComparison.Ordinal);

        Write(lab, "Address = 10.0.0.1/24" + Peer("10.8.0.0/16", "172.16.1.3:51820"));
        lab.MustRun(Programs.WgNet, "reload", lab.ConfigurationFile);
        Assert.Contains("172.16.1.3:51820", lab.Host.Run($"wg show {lab.Name} endpoints"), StringComparison.Ordinal);
    }

    private static void Write(QuickLab lab, string text) => lab.Write($"[Interface]\nPrivateKey = {Own.Private}\n{text}");

    private static string Peer(string allowedIps, string? endpoint = null) => Section(First, allowedIps, endpoint);

    private static string Other(string allowedIps) => Section(Second, allowedIps, endpoint: null);

    private static string Section(KeyPair keys, string allowedIps, string? endpoint) =>
        $"\n[Peer]\nPublicKey = {keys.Public}\nAllowedIPs = {allowedIps}\n" + (endpoint is null ? "" : $"Endpoint = {endpoint}\n");

    // The order in which things were added shows in none of their effects.
    private static string Sorted(string state) => string.Join('\n', state.Split('\n').Select(SortedWords).Order(StringComparer.Ordinal));

    private static string SortedWords(string line)
    {
        int tab = line.IndexOf('\t', StringComparison.Ordinal);
        return tab < 0 ? line : line[..tab] + " " + string.Join(' ', line[(tab + 1)..].Split(' ').Order(StringComparer.Ordinal));
    }

    private static Socket Bind(Host host, int port) => host.Namespace.Enter(() =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        return socket;
    });
}
