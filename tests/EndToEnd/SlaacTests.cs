using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>What WgNet is for: clients that choose their own addresses are reached at them.</summary>
public sealed class SlaacTests
{
    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Client_WithNothingButKeys_IsReachedAtItsAddress(Implementation peer, Outside outside)
    {
        using var network = new SlaacNetwork(peer, outside);
        Tunnel client = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(client);

        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        Ping.Succeeds(network.GatewayHost, address);
        Assert.Contains(address, network.Learned(client));
        TcpTransfer.Run(network.GatewayHost, client.Host, address, 20 << 20);
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void TwoClients_OneWithTemporaryAddress_ReachEachOther(Implementation peer, Outside outside)
    {
        using var network = new SlaacNetwork(peer, outside);
        Tunnel first = network.AddClient();
        Tunnel second = network.AddClient(temporaryAddresses: true);
        string address = SlaacNetwork.WaitForAddress(first);
        string temporary = SlaacNetwork.WaitForTemporaryAddress(second);

        // A client that has not spoken from its address is not known by it.
        Ping.Succeeds(first.Host, SlaacNetwork.GatewayAddress);
        Ping.Succeeds(second.Host, address);
        Ping.Succeeds(first.Host, temporary);
        Assert.Contains(temporary, network.Learned(second));

        string stable = SlaacNetwork.WaitForAddress(second);
        Assert.NotEqual(temporary, stable, StringComparer.Ordinal);
        Ping.Succeeds(second.Host, SlaacNetwork.GatewayAddress, "-I", stable);
        Ping.Succeeds(first.Host, stable);
        Assert.Contains(temporary, network.Learned(second));
        Assert.Contains(stable, network.Learned(second));
    }

    [Theory]
    [MemberData(nameof(Matrix.Peers), MemberType = typeof(Matrix))]
    public void FirstPacket_FromEachOfManyNewAddresses_IsAnswered(Implementation peer)
    {
        using var network = new SlaacNetwork(peer, Outside.IPv6);
        Tunnel client = network.AddClient();
        SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        for (int i = 0; i < 10; i++)
        {
            string address = $"2001:db8:1::abc{i}";
            SlaacNetwork.AddAddress(client, address);
            CommandResult first = client.Host.TryRun($"ping -n -c 1 -W 5 -I {address} {SlaacNetwork.GatewayAddress}");
            Assert.True(first.Succeeded, first.ToString());
        }
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void ForgedSource_OfAnotherClient_IsDroppedAndCounted(Implementation peer, Outside outside)
    {
        using var network = new SlaacNetwork(peer, outside);
        Tunnel owner = network.AddClient();
        Tunnel forger = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(owner);
        SlaacNetwork.WaitForAddress(forger);
        Ping.Succeeds(owner.Host, SlaacNetwork.GatewayAddress);

        SlaacNetwork.AddAddress(forger, address);
        Ping.Fails(forger.Host, SlaacNetwork.GatewayAddress, "-I", address);
        Assert.True(network.Drops(forger, "conflict") >= 3);
        Assert.DoesNotContain(address, network.Learned(forger));
        Ping.Succeeds(network.GatewayHost, address);
        Assert.Contains(address, network.Learned(owner));
        Wait.Until(
            () => network.Gateway.Daemon.Log.Contains("conflict", StringComparison.Ordinal),
            TimeSpan.FromSeconds(2),
            "the conflict is not in the log");
    }

    [Theory]
    [InlineData(SlaacNetwork.GatewayAddress)]
    [InlineData("2001:db8:1::")]
    [InlineData("fe80::1")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("ff02::1")]
    [InlineData("ff0e::1234")]
    [InlineData("2001:db8:2::1")]
    public void Source_ThatNoClientMayHave_IsNeverLearned(string source)
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = network.AddClient();

        // Everything, so that only the rules about addresses stand in the way, but for what is outside every prefix.
        if (!source.StartsWith("2001:db8:2", StringComparison.Ordinal))
        {
            Assert.Equal(0, UapiSocket.Set(network.Gateway.Name, "public_key=" + client.Keys.PublicHex, "learnable_ip=::/0"));
        }

        SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        IReadOnlyList<string> before = network.Learned(client);
        for (int i = 0; i < 3; i++)
        {
            RawIPv6.SendEchoRequest(client.Host, source, SlaacNetwork.GatewayAddress);
        }

        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        Assert.Equal(before, network.Learned(client), StringComparer.Ordinal);
        Assert.True(network.Drops(client, "not_learnable") + network.Drops(client, "not_allowed") >= 3);
    }

    /// <summary>The forged packet itself is well made: from an address that is free, it is learned.</summary>
    [Fact]
    public void Source_ThatIsFree_IsLearnedFromOneRawPacket()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = network.AddClient();
        SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        RawIPv6.SendEchoRequest(client.Host, "2001:db8:1::cafe", SlaacNetwork.GatewayAddress);
        Wait.Until(
            () => network.Learned(client).Contains("2001:db8:1::cafe", StringComparer.Ordinal),
            TimeSpan.FromSeconds(2),
            "not learned");
    }

    [Theory]
    [MemberData(nameof(Matrix.Peers), MemberType = typeof(Matrix))]
    public void StaticDefaultRoute_OnUpstreamPeer_LearnsBesideIt(Implementation peer)
    {
        using var network = new SlaacNetwork(peer, Outside.IPv4);
        Tunnel upstream = network.AddPeer("upstream", peer);
        network.Gateway.AddPeer(upstream, "::/0");
        upstream.Up(TunnelPair.DefaultMtu, "2001:db8:ffff::1/64");
        upstream.Host.Run($"ip route add 2001:db8:1::/64 dev {upstream.Name}");
        network.GatewayHost.Run($"ip route add 2001:db8:ffff::/64 dev {network.Gateway.Name}");
        Ping.Succeeds(upstream.Host, SlaacNetwork.GatewayAddress);

        Tunnel client = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, "2001:db8:ffff::1");
        Ping.Succeeds(upstream.Host, address);
        Ping.Succeeds(network.GatewayHost, address);
        Assert.Contains(address, network.Learned(client));
        Assert.Empty(network.Learned(upstream));
    }

    [Theory]
    [MemberData(nameof(Matrix.Peers), MemberType = typeof(Matrix))]
    public void LearnablePrefix_RemovedWhileInUse_CutsTheClientOffAtOnce(Implementation peer)
    {
        using var network = new SlaacNetwork(peer, Outside.IPv6);
        Tunnel client = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);

        string key = "public_key=" + client.Keys.PublicHex;
        Assert.Equal(0, UapiSocket.Set(network.Gateway.Name, key, "learnable_ip=-" + SlaacNetwork.Prefix));
        Assert.DoesNotContain(address, network.Learned(client));
        Ping.Fails(network.GatewayHost, address);
        Ping.Fails(client.Host, SlaacNetwork.GatewayAddress);
        Assert.True(network.Drops(client, "not_allowed") >= 3);

        Assert.Equal(0, UapiSocket.Set(network.Gateway.Name, key, "learnable_ip=" + SlaacNetwork.Prefix));
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        Ping.Succeeds(network.GatewayHost, address);
    }

    [Fact]
    public void LearnedAddress_TakenByStaticPrefix_PassesToItsOwner()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = network.AddClient();
        Tunnel other = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(client);
        SlaacNetwork.WaitForAddress(other);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);

        network.Gateway.AddPeer(other, address + "/128");
        Assert.DoesNotContain(address, network.Learned(client));
        Ping.Fails(client.Host, SlaacNetwork.GatewayAddress, "-I", address);
        SlaacNetwork.AddAddress(other, address);
        Ping.Succeeds(other.Host, SlaacNetwork.GatewayAddress, "-I", address);
        Assert.Empty(network.Learned(other).Intersect([address], StringComparer.Ordinal));
    }

    [Fact]
    public void LearnedAddress_ForgottenByCommand_MayBeLearnedByAnother()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = network.AddClient();
        Tunnel other = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(client);
        SlaacNetwork.WaitForAddress(other);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);

        SlaacNetwork.AddAddress(other, address);
        Assert.Equal(0, UapiSocket.Set(
            network.Gateway.Name, "public_key=" + client.Keys.PublicHex, $"learned_ip=-{address}/128"));
        Ping.Succeeds(other.Host, SlaacNetwork.GatewayAddress, "-I", address);
        Assert.Contains(address, network.Learned(other));
    }

    [Fact]
    public void LearnLimit_OfTwo_KeepsTheLatestTwo()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = network.AddClient();
        SlaacNetwork.WaitForAddress(client);
        Assert.Equal(0, UapiSocket.Set(network.Gateway.Name, "public_key=" + client.Keys.PublicHex, "learn_limit=2"));
        foreach (string address in (string[])["2001:db8:1::a1", "2001:db8:1::a2", "2001:db8:1::a3"])
        {
            SlaacNetwork.AddAddress(client, address);
            Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress, "-I", address);
            // The age of an address is kept by a coarse clock.
            Thread.Sleep(TimeSpan.FromSeconds(1.1));
        }

        Assert.Equal(2, network.Learned(client).Count);
        Assert.Contains("2001:db8:1::a3", network.Learned(client));
        Assert.Contains("2001:db8:1::a2", network.Learned(client));
    }

    [Fact]
    public void LearnTimeout_OfTwoSeconds_ForgetsSilentAddressAlthoughSentTo()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        Assert.Equal(0, UapiSocket.Set(network.Gateway.Name, "public_key=" + client.Keys.PublicHex, "learn_timeout_sec=2"));

        // Answers nothing, so that only what is sent to it could keep it.
        client.Host.Run("nft add table ip6 mute");
        client.Host.Run(["nft", "add", "chain", "ip6", "mute", "output", "{ type filter hook output priority 0; policy drop; }"]);
        Assert.Equal(40, Ping.Lost(network.GatewayHost, address, 40, interval: 100).Count);
        Assert.DoesNotContain(address, network.Learned(client));

        client.Host.Run("nft delete table ip6 mute");
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        Assert.Contains(address, network.Learned(client));
    }
}
