using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>What happens at a gateway, seen by <c>wgnet monitor</c> as it happens. The clients are stock ones.</summary>
public sealed class EventTests
{
    [Fact]
    public void ClientsLife_FromHandshakeToRemoval_IsToldInTextAndJson()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        var json = EventMonitor.Start(network.Gateway, network.Gateway.Name, "--json");
        var text = EventMonitor.Start(network.Gateway, network.Gateway.Name);
        Tunnel client = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        (string, string) key = ("public_key", client.Keys.Public);

        json.WaitFor("peer_added", key, ("interface", network.Gateway.Name));
        json.WaitFor("allowed_ips_changed", key, ("reason", "learnable_ips"), ("count", "2"));
        json.WaitFor("endpoint_changed", key, ("endpoint", network.Gateway.EndpointOf(client)), ("reason", "packet"));
        json.WaitFor("handshake_completed", key, ("reason", "answered"));
        JsonElement learned = json.WaitFor("learned", key, ("address", address), ("reason", "packet"));
        Assert.InRange(DateTimeOffset.UtcNow - learned.GetProperty("time").GetDateTimeOffset(), TimeSpan.Zero, TimeSpan.FromMinutes(1));
        text.WaitForLine("learned", client.Keys.Public, address);
        text.WaitForLine("handshake_completed", client.Keys.Public, "answered");

        // A new port is a new endpoint.
        client.ListenOn(40_404);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        json.WaitFor("endpoint_changed", key, ("endpoint", Tunnel.Endpoint(client.Host.Address(Outside.IPv4), 40_404)));

        // A route for it besides, and then the end.
        network.Gateway.Set($"peer {client.Keys.Public} allowed-ips 10.9.0.0/16,10.8.0.0/16");
        json.WaitFor("allowed_ips_changed", key, ("reason", "allowed_ips"), ("count", "2"));
        network.Gateway.Set($"peer {client.Keys.Public} remove");
        json.WaitFor("contradicted", key, ("address", address), ("reason", "peer_removed"));
        json.WaitFor("peer_removed", key);
        text.WaitForLine("peer_removed", client.Keys.Public);
    }

    [Fact]
    public void ForgedSource_OfAnotherClient_IsToldWithBothKeys()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv6);
        Tunnel owner = network.AddClient();
        Tunnel forger = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(owner);
        SlaacNetwork.WaitForAddress(forger);
        Ping.Succeeds(owner.Host, SlaacNetwork.GatewayAddress);
        var json = EventMonitor.Start(network.Gateway, network.Gateway.Name, "--json");
        var text = EventMonitor.Start(network.Gateway, network.Gateway.Name);

        for (int i = 0; i < 20; i++)
        {
            RawIPv6.SendEchoRequest(forger.Host, address, SlaacNetwork.GatewayAddress);
        }

        json.WaitFor("conflict", ("public_key", forger.Keys.Public), ("owner", owner.Keys.Public), ("address", address), ("count", "1"));
        text.WaitForLine("conflict", forger.Keys.Public, "owner " + owner.Keys.Public, address);
        Wait.Until(() => network.Drops(forger, "conflict") >= 20, TimeSpan.FromSeconds(5), "not all packets came");
        Assert.Single(json.Events, happened => happened.GetProperty("event").GetString() == "conflict");
    }

    [Fact]
    public void LearnedAddresses_ThatEnd_AreToldWithTheReason()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        var json = EventMonitor.Start(network.Gateway, network.Gateway.Name, "--json");
        (string, string) key = ("public_key", client.Keys.Public);
        string section = "public_key=" + client.Keys.PublicHex;

        Succeeds(network, "learned", network.Gateway.Name, "forget", address);
        json.WaitFor("forgotten", key, ("address", address));

        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        json.WaitFor("learned", key, ("address", address));
        SlaacNetwork.AddAddress(client, "2001:db8:1::a1");
        Assert.Equal(0, UapiSocket.Set(network.Gateway.Name, section, "learn_limit=1"));
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress, "-I", "2001:db8:1::a1");
        json.WaitFor("evicted", key, ("address", address));

        Assert.Equal(0, UapiSocket.Set(network.Gateway.Name, section, "learn_timeout_sec=1"));
        json.WaitFor("expired", key);

        // The first of its kind at once, and the others as one when ten seconds are over, though nothing more comes.
        for (int i = 0; i < 5; i++)
        {
            RawIPv6.SendEchoRequest(client.Host, "2001:db8:2::1", SlaacNetwork.GatewayAddress);
        }

        json.WaitFor("refused", key, ("address", "2001:db8:2::1"), ("reason", "not_allowed"), ("count", "1"));
        json.WaitFor("refused", key, ("address", "2001:db8:2::1"), ("reason", "not_allowed"), ("count", "4"));
    }

    [Fact]
    public void Monitor_Interrupted_EndsWithZero()
    {
        using var lab = new Lab();
        var tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        var monitor = EventMonitor.Start(tunnel, tunnel.Name);
        monitor.Daemon.Signal("INT");
        Assert.True(monitor.Daemon.WaitForExit(TimeSpan.FromSeconds(5)));
        Assert.Equal(0, monitor.Daemon.ExitCode);
    }

    /// <summary>Of all interfaces: those where nothing happens must not keep it.</summary>
    [Fact]
    public void Monitor_WhoseReaderGoes_EndsQuietlyWithZero()
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        var tunnel = Tunnel.Start(host, Implementation.WgNet);
        _ = Tunnel.Start(host, Implementation.WgNet);
        Daemon shell = host.Start("bash", "-c", $"{Programs.WgNet} monitor | head -n 1; echo status ${{PIPESTATUS[0]}}");
        Wait.Until(
            () => shell.HasExited || UapiSocket.Set(tunnel.Name, "public_key=" + KeyPair.Generate().PublicHex) != 0,
            TimeSpan.FromSeconds(15),
            () => $"it did not end\n{shell.Log}");
        Assert.Contains("status 0", shell.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("wgnet: Broken", shell.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void Monitor_OfAllInterfaces_NamesEachAndGoesOnWithoutThoseThatEnd()
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        var first = Tunnel.Start(host, Implementation.WgNet);
        var second = Tunnel.Start(host, Implementation.WgNet);
        var monitor = EventMonitor.Start(first);
        string secondKey = KeyPair.Generate().Public;
        second.Set($"peer {secondKey}");
        monitor.WaitForLine(second.Name, "peer_added", secondKey);
        first.Daemon.Dispose();
        monitor.WaitForLine("wgnet: ", first.Name, "the interface has ended");
        second.Set($"peer {secondKey} remove");
        monitor.WaitForLine(second.Name, "peer_removed", secondKey);
    }

    [Fact]
    public void Monitor_OfAnInterfaceThatEnds_EndsWithOneAndOfOneThatTellsNothingToo()
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        var tunnel = Tunnel.Start(host, Implementation.WgNet);
        var monitor = EventMonitor.Start(tunnel, tunnel.Name);
        tunnel.Daemon.Dispose();
        Assert.True(monitor.Daemon.WaitForExit(TimeSpan.FromSeconds(5)));
        Assert.Equal(1, monitor.Daemon.ExitCode);

        var stock = Tunnel.Start(host, Implementation.WireGuardGo);
        CommandResult refused = host.TryRun([Programs.WgNet, "monitor", stock.Name]);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("it does not tell events", refused.Error, StringComparison.Ordinal);
    }

    /// <summary>One that holds its socket open and never reads: traffic flows, others hear everything, and memory stays where it was.</summary>
    [Fact]
    public async Task Subscriber_ThatNeverReads_HoldsUpNothing()
    {
        const int Changes = 10_000;
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        using Socket idle = UapiSocket.Connect(network.Gateway.Name);
        _ = idle.Send("subscribe=1\n\n"u8);
        Assert.StartsWith("errno=0\n\n", UapiSocket.ReadAnswer(idle), StringComparison.Ordinal);
        var json = EventMonitor.Start(network.Gateway, network.Gateway.Name, "--json");

        // Each is an event; the client's packets come between them.
        using Socket control = UapiSocket.Connect(network.Gateway.Name);
        byte[] pin = Encoding.ASCII.GetBytes($"set=1\npublic_key={client.Keys.PublicHex}\npinned_ip={address}/128\n\n");
        Task traffic = Task.Run(() => TcpTransfer.Run(network.GatewayHost, client.Host, address, 20 << 20), TestContext.Current.CancellationToken);
        for (int i = 0; i < Changes; i++)
        {
            _ = control.Send(pin);
            Assert.Equal("errno=0\n\n", UapiSocket.ReadAnswer(control));
        }

        await traffic.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Wait.Until(() => Pinned(json) == Changes, TimeSpan.FromSeconds(20), () => $"{Pinned(json)} of {Changes} told or counted as lost");
        Succeeds(network, "learned", network.Gateway.Name, "unpin", address);
        json.WaitFor("unpinned", ("address", address));
        Assert.InRange(ProcessMemory.Of(network.Gateway.Daemon.Pid).Resident, 1, 64 << 20);

        // When it reads at last, it hears how many it missed.
        var text = new StringBuilder();
        while (!text.ToString().Contains("event=lost\n", StringComparison.Ordinal))
        {
            text.Append(UapiSocket.ReadAnswer(idle));
        }
    }

    private static long Pinned(EventMonitor monitor) => monitor.Events.Sum(happened => happened.GetProperty("event").GetString() switch
    {
        "pinned" => 1,
        "lost" => happened.GetProperty("count").GetInt64(),
        _ => 0,
    });

    private static void Succeeds(SlaacNetwork network, params string[] arguments)
    {
        CommandResult result = network.GatewayHost.TryRun([Programs.WgNet, .. arguments]);
        Assert.True(result.Succeeded, result.ToString());
        Assert.Equal("", result.Output + result.Error);
    }
}
