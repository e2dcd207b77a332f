using System.Globalization;
using System.Text.RegularExpressions;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>The rules of docs/learning.md at their edges, with stock clients. What clients commonly do is in <see cref="SlaacTests"/>.</summary>
public sealed partial class LearningTests
{
    [Fact]
    public void NewAddress_AnsweredByTheGatewaysKernelAtOnce_GetsItsReply()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = Ready(network);
        List<double> milliseconds = [];

        // Not more than the peer may learn at once.
        for (int i = 0; i < 12; i++)
        {
            string address = $"2001:db8:1::5ea:{i:x}";
            SlaacNetwork.AddAddress(client, address);
            CommandResult first = Ping.Once(client.Host, SlaacNetwork.GatewayAddress, 5, "-I", address);
            Assert.True(first.Succeeded, first.ToString());
            Assert.Contains("1 packets transmitted", first.Output, StringComparison.Ordinal);
            milliseconds.Add(double.Parse(RoundTrip().Match(first.Output).Groups["ms"].ValueSpan, CultureInfo.InvariantCulture));
        }

        // There and back through two daemons, so that the gateway had the address within the millisecond in which it came.
        Assert.True(milliseconds.Min() < 1, string.Join(", ", milliseconds));
    }

    [Fact]
    public void Address_OfAPeerThatWasRemoved_IsFreeForAnother()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = Ready(network);
        Tunnel heir = Ready(network);
        string address = SlaacNetwork.WaitForAddress(client);
        SlaacNetwork.AddAddress(heir, address);
        Ping.Fails(heir.Host, SlaacNetwork.GatewayAddress, "-I", address);

        network.Gateway.Set($"peer {client.Keys.Public} remove");
        Ping.Succeeds(heir.Host, SlaacNetwork.GatewayAddress, "-I", address);
        Ping.Succeeds(network.GatewayHost, address);
        Assert.Contains(address, network.Learned(heir));
    }

    [Fact]
    public void LinkLocalAddress_TheSameOnTwoClients_IsAConflictReportedWithBothKeys()
    {
        const string Shared = "fe80::5a5a";
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel first = Ready(network);
        Tunnel second = Ready(network);
        foreach (Tunnel client in (Tunnel[])[first, second])
        {
            client.Host.Run($"ip -6 address flush dev {client.Name} scope link");
            client.Host.Run($"ip address add {Shared}/64 dev {client.Name} nodad");
            client.WaitUntilKernelKnows(Shared);
        }

        Ping.Succeeds(first.Host, "fe80::1%" + first.Name);
        Ping.Fails(second.Host, "fe80::1%" + second.Name);
        Assert.Contains(Shared, network.Learned(first));
        Assert.DoesNotContain(Shared, network.Learned(second));
        Assert.True(network.Drops(second, "conflict") >= 3);
        Wait.Until(
            () => network.Gateway.Daemon.Log.Split('\n').Any(line =>
                line.Contains("conflict", StringComparison.Ordinal) && line.Contains(Shared, StringComparison.Ordinal)
                && line.Contains(first.Keys.Public, StringComparison.Ordinal) && line.Contains(second.Keys.Public, StringComparison.Ordinal)),
            TimeSpan.FromSeconds(2),
            () => network.Gateway.Daemon.Log);
    }

    [Fact]
    public void StaticPrefix_AddedOverLearnedAddresses_TakesThemIfAtLeastAsSpecific()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = Ready(network);
        Tunnel other = Ready(network);
        string address = SlaacNetwork.WaitForAddress(client);

        // Less specific than the learnable /64: nothing changes for the client.
        network.Gateway.AddPeer(other, "2001:db8::/32");
        Ping.Succeeds(network.GatewayHost, address);
        Assert.Contains(address, network.Learned(client));

        network.Gateway.AddPeer(other, "2001:db8::/32," + SlaacNetwork.Prefix);
        Assert.DoesNotContain(address, network.Learned(client));
        Ping.Fails(client.Host, SlaacNetwork.GatewayAddress, "-I", address);
        Assert.True(network.Drops(client, "not_allowed") >= 3);

        network.Gateway.AddPeer(other, "2001:db8::/32");
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress, "-I", address);
        Ping.Succeeds(network.GatewayHost, address);
    }

    [Fact]
    public void Address_TakenByTheInterfaceItself_IsTheClientsNoLonger()
    {
        const string Taken = "2001:db8:1::77";
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = Ready(network);
        SlaacNetwork.AddAddress(client, Taken);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress, "-I", Taken);

        network.GatewayHost.Run($"ip address add {Taken}/128 dev {network.Gateway.Name} nodad");
        Wait.Until(() => !network.Learned(client).Contains(Taken, StringComparer.Ordinal), TimeSpan.FromSeconds(5), "it still is the client's");
        Ping.Fails(client.Host, SlaacNetwork.GatewayAddress, "-I", Taken);
        Assert.True(network.Drops(client, "not_learnable") >= 3);

        network.GatewayHost.Run($"ip address del {Taken}/128 dev {network.Gateway.Name}");
        Ping.SucceedsWithin(TimeSpan.FromSeconds(10), client.Host, SlaacNetwork.GatewayAddress, "it is not free again", "-I", Taken);
    }

    [Fact]
    public void LearnLimit_ChangedWhileRunning_TakesEffectAtOnce()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = Ready(network);
        string key = "public_key=" + client.Keys.PublicHex;
        string[] addresses = [.. Enumerable.Range(1, 4).Select(i => $"2001:db8:1::a{i}")];
        foreach (string address in addresses)
        {
            SlaacNetwork.AddAddress(client, address);
            Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress, "-I", address);

            // The age of an address is kept by a coarse clock.
            Thread.Sleep(TimeSpan.FromSeconds(1.1));
        }

        Assert.Equal(0, UapiSocket.Set(network.Gateway.Name, key, "learn_limit=2"));
        Assert.Equal(addresses[2..], network.Learned(client).Order(StringComparer.Ordinal));
        Ping.Succeeds(network.GatewayHost, addresses[3]);
        Ping.Fails(network.GatewayHost, addresses[0]);

        Assert.Equal(0, UapiSocket.Set(network.Gateway.Name, key, "learn_limit=0"));
        Assert.Empty(network.Learned(client));
        Ping.Fails(client.Host, SlaacNetwork.GatewayAddress, "-I", addresses[3]);
        Assert.True(network.Drops(client, "learn_limited") >= 3);

        Assert.Equal(0, UapiSocket.Set(network.Gateway.Name, key, "learn_limit=3"));
        foreach (string address in addresses[1..])
        {
            Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress, "-I", address);
        }

        Assert.Equal(addresses[1..], network.Learned(client).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void LearnTimeout_ChangedWhileRunning_HoldsForAddressesLearnedBefore()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = Ready(network);
        string key = "public_key=" + client.Keys.PublicHex;
        Silence(client);
        int before = network.Learned(client).Count;
        Thread.Sleep(TimeSpan.FromSeconds(3));
        Assert.Equal(before, network.Learned(client).Count);
        Assert.Equal(0, UapiSocket.Set(network.Gateway.Name, key, "learn_timeout_sec=2"));
        Assert.Empty(network.Learned(client));

        client.Host.Run("nft delete table ip6 mute");
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        Assert.Equal(0, UapiSocket.Set(network.Gateway.Name, key, "learn_timeout_sec=3600"));
        Silence(client);
        Thread.Sleep(TimeSpan.FromSeconds(3));
        Assert.NotEmpty(network.Learned(client));
    }

    [Fact]
    public void NewAddresses_MoreThanTheTokens_AreRefusedAndKnownOnesGoOn()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = Ready(network);
        string known = SlaacNetwork.WaitForAddress(client);
        int sent = 0;
        RawIPv6.SendEchoRequests(client.Host, "2001:db8:1::c0:1", step: 1, count: sent = 64, perMillisecond: 1, SlaacNetwork.GatewayAddress);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress, "-I", known);

        // Sixteen at once, of which the client's own took some.
        Wait.Until(() => network.Drops(client, "learn_rate_limited") >= sent - 16, TimeSpan.FromSeconds(2), "not refused");
        Assert.InRange(network.Learned(client).Count, 2, 16);
        Assert.Contains(known, network.Learned(client));
    }

    /// <summary>A client that has spoken from its address.</summary>
    private static Tunnel Ready(SlaacNetwork network)
    {
        Tunnel client = network.AddClient();
        SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        return client;
    }

    private static void Silence(Tunnel client)
    {
        client.Host.Run("nft add table ip6 mute");
        client.Host.Run(["nft", "add", "chain", "ip6", "mute", "output", "{ type filter hook output priority 0; policy drop; }"]);
    }

    [GeneratedRegex(@"time=(?<ms>[\d.]+) ms", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RoundTrip();
}
