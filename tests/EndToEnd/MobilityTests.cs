using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>Ends that change their outside address, and translators between them that forget.</summary>
public sealed class MobilityTests
{
    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Roaming_WgNetChangesAddress_PeerFollows(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        pair.PingBothWays();

        string address = Move(pair.LeftHost, outside);
        Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4);
        Assert.Equal(Tunnel.Endpoint(address), pair.Right.EndpointOf(pair.Left));
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv4);
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Roaming_PeerChangesAddress_WgNetFollows(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        pair.PingBothWays();

        string address = Move(pair.RightHost, outside);
        if (peer == Implementation.WireGuardGo)
        {
            // It clings to a source address that is gone until a handshake fails, unless its endpoint is named anew.
            pair.Right.AddPeer(pair.Left, TunnelPair.LeftAllowedIps, Tunnel.Endpoint(pair.LeftHost.Address(outside)));
        }

        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv6);
        Assert.Equal(Tunnel.Endpoint(address), pair.Left.EndpointOf(pair.Right));
        Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv6);
    }

    [Theory]
    [MemberData(nameof(Matrix.Peers), MemberType = typeof(Matrix))]
    public void Roaming_FromIPv4ToIPv6Outside_PeerFollows(Implementation peer)
    {
        using var pair = new TunnelPair(peer, Outside.IPv4);
        pair.PingBothWays();

        pair.Right.AddPeer(pair.Left, TunnelPair.LeftAllowedIps, Tunnel.Endpoint(pair.LeftHost.Address(Outside.IPv6)));
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv4);
        Assert.Equal(Tunnel.Endpoint(pair.RightHost.Address(Outside.IPv6)), pair.Left.EndpointOf(pair.Right));
        Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4);
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void StickySource_SpokenToAtSecondAddress_AnswersFromItUntilItGoes(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        Host left = pair.LeftHost;
        string first = left.Address(outside);
        string second = AddAddress(left, outside);

        // The right end alone knows an endpoint, so that the left one learns where it was spoken to.
        pair.Left.Set($"peer {pair.Right.Keys.Public} remove");
        pair.Left.AddPeer(pair.Right, TunnelPair.RightAllowedIps);
        pair.Right.AddPeer(pair.Left, TunnelPair.LeftAllowedIps, Tunnel.Endpoint(second));
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv4);
        Ping.Succeeds(left, TunnelPair.RightIPv4);
        Assert.Equal(Tunnel.Endpoint(second), pair.Right.EndpointOf(pair.Left));

        // Without the address, the kernel's own choice: the first one.
        RemoveAddress(left, second, outside);
        Ping.Succeeds(left, TunnelPair.RightIPv4);
        Assert.Equal(Tunnel.Endpoint(first), pair.Right.EndpointOf(pair.Left));
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv4);
    }

    /// <summary>
    /// <code>
    ///          ┌─ link1 ─┐
    ///     left ┤         ├ right        right has one address that both links lead to; its packets come through link1,
    ///          └─ link2 ─┘              and then the route back changes to link2, while link1's address stays
    /// </code>
    /// </summary>
    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void StickySource_RouteMovesToAnotherLink_SendsFromThatLinksAddress(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        (Host left, Host right) = (pair.LeftHost, pair.RightHost);
        pair.Lab.Link(left, right);
        string target = outside == Outside.IPv4 ? "172.31.0.2" : "fd31::2";
        right.Run($"ip address add {target} dev lo");
        Route(0);
        pair.Left.AddPeer(pair.Right, TunnelPair.RightAllowedIps, Tunnel.Endpoint(target));
        Ping.Succeeds(left, TunnelPair.RightIPv4);
        Assert.Equal(Tunnel.Endpoint(left.Links[0].Address(outside)), pair.Right.EndpointOf(pair.Left));

        // Routes change in flocks, so the monitor waits a moment before it looks; nothing else makes the device look again.
        Route(1);
        Thread.Sleep(TimeSpan.FromMilliseconds(500));
        Ping.Succeeds(left, TunnelPair.RightIPv4);
        Assert.Equal(Tunnel.Endpoint(left.Links[1].Address(outside)), pair.Right.EndpointOf(pair.Left));

        void Route(int link) =>
            left.Run($"ip route replace {target} via {right.Links[link].Address(outside)} dev {left.Links[link].Interface}");
    }

    /// <summary>
    /// <code>
    ///   left ── link2 ── nat ── link3 ── right       nat rewrites left's source address and port,
    ///                                                and forgets the mapping after two silent seconds
    /// </code>
    /// </summary>
    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Nat_ForgetsAfterTwoSeconds_PersistentKeepaliveKeepsTheWayOpen(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        SetUpNat(pair, outside);
        Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4);
        Assert.NotEqual(Tunnel.Endpoint(pair.LeftHost.Address(outside)), pair.Right.EndpointOf(pair.Left), StringComparer.Ordinal);

        // Silence: the translator forgets, and the right end speaks to nobody.
        Thread.Sleep(TimeSpan.FromSeconds(4));
        Ping.Fails(pair.RightHost, TunnelPair.LeftIPv4);

        pair.Left.Set($"peer {pair.Right.Keys.Public} persistent-keepalive 1");
        Thread.Sleep(TimeSpan.FromSeconds(4));
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv4);
    }

    private static void SetUpNat(TunnelPair pair, Outside outside)
    {
        Host nat = pair.Lab.AddHost("nat");
        pair.Lab.Link(pair.LeftHost, nat);
        pair.Lab.Link(nat, pair.RightHost);
        nat.EnableForwarding();
        CommandResult rules = nat.TryRun(
            ["nft", "-f", "-"],
            """
            table inet nat {
              chain postrouting {
                type nat hook postrouting priority 100;
                oifname link3 masquerade random
              }
            }
            """);
        Assert.True(rules.Succeeded, rules.ToString());
        nat.Sysctl("net.netfilter.nf_conntrack_udp_timeout", 2);
        nat.Sysctl("net.netfilter.nf_conntrack_udp_timeout_stream", 2);

        string target = pair.RightHost.Links[1].Address(outside);
        pair.LeftHost.Run($"ip route add {target} via {nat.Links[0].Address(outside)}");
        pair.Left.AddPeer(pair.Right, TunnelPair.RightAllowedIps, Tunnel.Endpoint(target));
        pair.Right.Set($"peer {pair.Left.Keys.Public} remove");
        pair.Right.AddPeer(pair.Left, TunnelPair.LeftAllowedIps);
    }

    /// <summary>Replaces the host's address on its first link by another one.</summary>
    private static string Move(Host host, Outside outside)
    {
        string address = AddAddress(host, outside);
        RemoveAddress(host, host.Address(outside), outside);
        return address;
    }

    private static void RemoveAddress(Host host, string address, Outside outside)
    {
        // Else the first address takes the others of its subnet with it.
        host.Sysctl("net.ipv4.conf.link1.promote_secondaries", 1);
        host.Run($"ip address del {address}/{(outside == Outside.IPv4 ? "24" : "64")} dev link1");
    }

    private static string AddAddress(Host host, Outside outside)
    {
        string address = host.Address(outside) + "1";
        host.Run(outside == Outside.IPv4
            ? $"ip address add {address}/24 dev link1"
            : $"ip address add {address}/64 dev link1 nodad");
        return address;
    }
}
