using System.Globalization;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>Which packets go where: cryptokey routing inside, policy routing and namespaces outside.</summary>
public sealed class RoutingTests
{
    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void AllowedIps_MoreSpecificPrefixOnAnotherPeer_SourceIsRefused(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        pair.Left.AddPeer(pair.Right, "10.9.0.0/24,fd09::/64");
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv4);
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv6);

        // The whole table decides, not the sender's own list.
        KeyPair another = KeyPair.Generate();
        pair.Left.Set($"peer {another.Public} allowed-ips {TunnelPair.RightAllowedIps}");
        Ping.Fails(pair.RightHost, TunnelPair.LeftIPv4);
        Ping.Fails(pair.RightHost, TunnelPair.LeftIPv6);

        pair.Left.Set($"peer {another.Public} remove");
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv4);
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv6);
    }

    [Theory]
    [MemberData(nameof(Matrix.Outsides), MemberType = typeof(Matrix))]
    public void Destination_WithoutPeer_SenderHearsIcmpError(Outside outside)
    {
        using var pair = new TunnelPair(Implementation.WgNet, outside);
        CommandResult ipv4 = Ping.Once(pair.LeftHost, "10.9.0.77", 2);
        Assert.Contains("Destination Host Unreachable", ipv4.Output, StringComparison.Ordinal);
        CommandResult ipv6 = Ping.Once(pair.LeftHost, "fd09::77", 2);
        Assert.Contains("Destination unreachable: ", ipv6.Output, StringComparison.Ordinal);
    }

    /// <summary>The tunnel is the way to everything, its own outside packets excepted, which carry a mark.</summary>
    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void FirewallMark_DefaultRouteThroughTunnel_MarkedPacketsTakeTheOtherTable(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        pair.Left.AddPeer(pair.Right, "0.0.0.0/0,::/0");
        foreach (string family in (string[])["-4", "-6"])
        {
            pair.LeftHost.Run($"ip {family} route add default dev {pair.Left.Name} table 51820");
            pair.LeftHost.Run($"ip {family} rule add not fwmark 51820 table 51820 priority 10");
        }

        pair.RightHost.Run("ip address add 203.0.113.9/32 dev lo");
        Ping.Fails(pair.LeftHost, "203.0.113.9", "-I", TunnelPair.LeftIPv4);

        pair.Left.Set("fwmark 51820");
        Ping.SucceedsWithin(TimeSpan.FromSeconds(15), pair.LeftHost, "203.0.113.9", "marked packets do not get out", "-I", TunnelPair.LeftIPv4);
        Assert.Equal("0xca6c", pair.LeftHost.Run($"wg show {pair.Left.Name} fwmark").Trim());

        pair.Left.Set("fwmark 0");
        Ping.Fails(pair.LeftHost, "203.0.113.9", "-I", TunnelPair.LeftIPv4);
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Tunnel_WithinTunnel_CarriesPingsAndTcp(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        Tunnel left = Tunnel.Start(pair.LeftHost, Implementation.WgNet);
        Tunnel right = Tunnel.Start(pair.RightHost, peer);
        left.ListenOn(Tunnel.Port + 1);
        right.ListenOn(Tunnel.Port + 1);
        bool ipv4 = outside == Outside.IPv4;
        left.AddPeer(right, "10.10.0.2/32,fd10::2/128", Tunnel.Endpoint(ipv4 ? TunnelPair.RightIPv4 : TunnelPair.RightIPv6, Tunnel.Port + 1));
        right.AddPeer(left, "10.10.0.1/32,fd10::1/128", Tunnel.Endpoint(ipv4 ? TunnelPair.LeftIPv4 : TunnelPair.LeftIPv6, Tunnel.Port + 1));
        left.Up(TunnelPair.DefaultMtu - 80, "10.10.0.1/24", "fd10::1/64");
        right.Up(TunnelPair.DefaultMtu - 80, "10.10.0.2/24", "fd10::2/64");

        Ping.Succeeds(pair.LeftHost, "10.10.0.2");
        Ping.Succeeds(pair.RightHost, "fd10::1");
        TcpTransfer.Run(pair.LeftHost, pair.RightHost, "fd10::2", 20 << 20);
        TcpTransfer.Run(pair.RightHost, pair.LeftHost, "10.10.0.1", 20 << 20);
    }

    /// <summary>A tunnel whose outside packets are routed into itself must not feed on itself.</summary>
    [Theory]
    [MemberData(nameof(Matrix.Outsides), MemberType = typeof(Matrix))]
    public void Route_OutsideThroughTunnelItself_TrafficDiesOut(Outside outside)
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, outside);
        pair.Left.AddPeer(pair.Right, "0.0.0.0/0,::/0");
        pair.PingBothWays();

        string right = pair.RightHost.Address(outside);
        pair.LeftHost.Run($"ip route add {right} dev {pair.Left.Name}");
        pair.LeftHost.TryRun($"ping -n -f -c 10 -W 1 {right}");
        Thread.Sleep(TimeSpan.FromSeconds(1));
        long before = TransmittedBytes(pair.Left);
        Thread.Sleep(TimeSpan.FromSeconds(2));
        long grown = TransmittedBytes(pair.Left) - before;
        Assert.True(grown < 70_000, $"{grown} bytes in two seconds");
        Assert.NotEmpty(pair.Left.PeerValues(pair.Right, "drop_routing_loop"));

        pair.LeftHost.Run($"ip route del {right} dev {pair.Left.Name}");
        Ping.SucceedsWithin(TimeSpan.FromSeconds(15), pair.LeftHost, TunnelPair.RightIPv4, "the tunnel did not recover");
    }

    /// <summary>
    /// <code>
    ///   container: the interface   |   left: process and sockets ──── right
    /// </code>
    /// </summary>
    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Interface_MovedToAnotherNamespace_GoesOnWorking(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        pair.PingBothWays();

        Host container = pair.Lab.AddHost("container");
        pair.LeftHost.Run($"ip link set {pair.Left.Name} netns {container.Namespace.Name}");
        container.Run($"ip address add {TunnelPair.LeftIPv4}/24 dev {pair.Left.Name}");
        container.Run($"ip address add {TunnelPair.LeftIPv6}/64 dev {pair.Left.Name} nodad");
        container.Run($"ip link set {pair.Left.Name} up");

        Ping.Succeeds(container, TunnelPair.RightIPv4);
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv6);
        TcpTransfer.Run(container, pair.RightHost, TunnelPair.RightIPv6, 20 << 20);
        Assert.True(pair.Left.LatestHandshake(pair.Right) > 0);

        container.Run($"ip link del {pair.Left.Name}");
        Assert.True(pair.Left.Daemon.WaitForExit(TimeSpan.FromSeconds(5)), "outlived its interface, which was deleted elsewhere");
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Mtu_ChangedWhileRunning_PacketsOfTheNewSizeArrive(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside, 1280);
        pair.PingBothWays();
        foreach (Tunnel tunnel in (Tunnel[])[pair.Left, pair.Right])
        {
            tunnel.Host.Run($"ip link set {tunnel.Name} mtu 1420");
        }

        Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4, "-M", "do", "-s", "1392");
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv6, "-M", "do", "-s", "1372");
        TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv6, 20 << 20);
    }

    private static long TransmittedBytes(Tunnel tunnel) => long.Parse(
        tunnel.Host.Run($"cat /sys/class/net/{tunnel.Name}/statistics/tx_bytes"), CultureInfo.InvariantCulture);
}
