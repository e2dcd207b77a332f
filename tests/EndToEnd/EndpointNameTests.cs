using System.Diagnostics;
using System.Text.Json;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>A gateway that is known by its name: a laptop's tunnel to it, with a name server whose answers change, come late, or never.</summary>
public sealed class EndpointNameTests
{
    private const string GatewayInside = "10.77.0.1", LaptopInside = "10.77.0.2";

    private static readonly string Endpoint = $"{NameServer.Name}:{Tunnel.Port}";

    // Ten seconds until an address is given up, thirty-five between two questions, and time for a busy machine.
    private static readonly TimeSpan Bounded = TimeSpan.FromSeconds(75);

    [Fact]
    public void Gateway_MovesAndItsNameWithIt_IsReachedAgainWithoutACommand()
    {
        using var laptop = new Laptop();
        laptop.Names.Start("172.16.1.2");
        laptop.Up();
        laptop.Reaches(TimeSpan.FromSeconds(10));
        int asked = laptop.Names.Questions;
        Daemon monitor = laptop.Lab.Host.Start(Programs.WgNet, "monitor", laptop.Lab.Name, "--json");

        // It is another machine with the same key: it knows nothing of the laptop, which has to find it.
        laptop.Gateway.Set($"peer {laptop.Own.Public} remove");
        laptop.Gateway.Set($"peer {laptop.Own.Public} allowed-ips {LaptopInside}/32");
        laptop.Lab.Far.Run("ip address del 172.16.1.2/24 dev link1");
        laptop.Lab.Far.Run("ip address add 172.16.1.3/24 dev link1");
        laptop.Names.Change("172.16.1.3");
        asked = laptop.Names.Questions - asked;
        laptop.Reaches(Bounded);

        Assert.Equal("172.16.1.3:51820", laptop.Peer().GetProperty("endpoint").GetString());
        Assert.Equal(Endpoint, laptop.Peer().GetProperty("endpoint_host").GetString());
        Assert.InRange(laptop.Names.Questions - asked, 1, 10);
        Wait.Until(
            () => monitor.Log.Split('\n').Any(line => line.Contains("\"endpoint_changed\"", StringComparison.Ordinal)
                && line.Contains("\"172.16.1.3:51820\"", StringComparison.Ordinal) && line.Contains("\"name\"", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(5),
            () => $"no event\n{monitor.Log}");

        // It is where it was said to be, and nobody asks any more.
        int questions = laptop.Names.Questions;
        Ping.Succeeds(laptop.Lab.Host, GatewayInside, "-c", "3");
        Assert.Equal(questions, laptop.Names.Questions);
    }

    [Fact]
    public void Up_WithoutANameServer_SucceedsAndWorksWhenItComes()
    {
        using var laptop = new Laptop();
        long start = Stopwatch.GetTimestamp();
        CommandResult up = laptop.Lab.Run(Programs.WgNet, "up", laptop.Lab.ConfigurationFile);

        Assert.True(up.Succeeded, up.ToString());
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(8));
        Assert.Contains($"[!] the endpoint `{Endpoint}' could not be resolved yet (Temporary failure in name resolution): {laptop.Lab.Name} goes on trying\n", up.Error, StringComparison.Ordinal);
        Wait.Until(() => laptop.Peer().GetProperty("endpoint_host_failures").GetInt64() >= 2, Bounded, "no failures");
        Assert.Equal(JsonValueKind.Null, laptop.Peer().GetProperty("endpoint").ValueKind);
        Assert.Contains($"endpoint name: {Endpoint}, not resolved yet, ", laptop.Lab.Host.Run(Programs.WgNet, "show", laptop.Lab.Name), StringComparison.Ordinal);
        Assert.DoesNotContain("Endpoint", laptop.Lab.Host.Run("wg", "showconf", laptop.Lab.Name), StringComparison.Ordinal);

        // Saved meanwhile, the name is not lost.
        laptop.Lab.MustRun(Programs.WgNet, "save", laptop.Lab.ConfigurationFile);
        Assert.Contains($"Endpoint = {Endpoint}\n", File.ReadAllText(laptop.Lab.ConfigurationFile), StringComparison.Ordinal);

        laptop.Names.Start("172.16.1.2");
        laptop.Reaches(Bounded);
    }

    /// <summary>The first address in the order of RFC 6724 is that of a machine that is not there.</summary>
    [Theory]
    [InlineData("fd16:1::99", "172.16.1.2")]
    [InlineData("172.16.1.99", "2001:db8:16::2")]
    public void Name_WithTwoAddressesOneOfThemDead_IsReachedAtTheOther(string dead, string alive)
    {
        using var laptop = new Laptop();

        // The laptop has a unique local address only, which goes less well with a global one than IPv4 with IPv4 (rule 5).
        laptop.Lab.Far.Run("ip address add 2001:db8:16::2/64 dev link1 nodad");
        laptop.Lab.Host.Run("ip route add 2001:db8:16::/64 dev link1");
        laptop.Names.Start(dead, alive);
        Assert.StartsWith(dead, laptop.Lab.Host.Run($"getent ahosts {NameServer.Name}"), StringComparison.Ordinal);
        laptop.Up();
        Assert.Equal(Tunnel.Endpoint(dead), laptop.Peer().GetProperty("endpoint").GetString());

        laptop.Reaches(Bounded);
        Assert.Equal(Tunnel.Endpoint(alive), laptop.Peer().GetProperty("endpoint").GetString());
    }

    [Fact]
    public void NameServer_ThatNeverAnswers_HoldsUpNobody()
    {
        using var laptop = new Laptop();
        using IDisposable hanging = laptop.Names.Hang();
        laptop.Up();
        KeyPair[] others = [.. Enumerable.Range(0, 8).Select(_ => KeyPair.Generate())];
        foreach (KeyPair other in others)
        {
            Quickly(TimeSpan.FromSeconds(4), Programs.WgNet, "set", laptop.Lab.Name, "peer", other.Public, "endpoint", $"other.wgnet.test:7");
        }

        // Eight questions wait for an answer that never comes, or wait to be asked.
        Quickly(TimeSpan.FromSeconds(1), "wg", "show", laptop.Lab.Name);
        Quickly(TimeSpan.FromSeconds(1), "wg", "set", laptop.Lab.Name, "peer", laptop.Gateway.Keys.Public, "endpoint", "172.16.1.2:51820");
        laptop.Reaches(TimeSpan.FromSeconds(10));
        Quickly(TimeSpan.FromSeconds(3), Programs.WgNet, "down", laptop.Lab.ConfigurationFile);

        void Quickly(TimeSpan most, params string[] command)
        {
            long start = Stopwatch.GetTimestamp();
            CommandResult result = laptop.Lab.Host.TryRun(command);
            Assert.True(result.Succeeded, result.ToString());
            Assert.True(Stopwatch.GetElapsedTime(start) < most, $"{Stopwatch.GetElapsedTime(start)} for {result}");
        }
    }

    /// <summary>What the laptop knew before it was shut down is good enough until its name server is there.</summary>
    [Fact]
    public void Up_WithoutANameServerButKnownFromBefore_IsReachedWhereItWas()
    {
        using var laptop = new Laptop();
        laptop.Names.Start("172.16.1.2");
        laptop.Up();
        laptop.Reaches(TimeSpan.FromSeconds(10));
        laptop.Lab.MustRun(Programs.WgNet, "down", laptop.Lab.ConfigurationFile);
        laptop.Names.Stop();

        laptop.Up();
        laptop.Reaches(TimeSpan.FromSeconds(10));
        Assert.Equal("172.16.1.2:51820", laptop.Peer().GetProperty("endpoint").GetString());
    }

    [Fact]
    public void Up_DefaultRouteAndUnknownName_SaysWhatNameServersNeed()
    {
        using var laptop = new Laptop("0.0.0.0/0");
        CommandResult up = laptop.Lab.Run(Programs.WgNet, "up", laptop.Lab.ConfigurationFile);

        Assert.True(up.Succeeded, up.ToString());
        Assert.Contains("[!] until the endpoint is resolved, name servers have to be reached outside the tunnel", up.Error, StringComparison.Ordinal);
    }

    /// <summary>Another implementation cannot look names up by itself: as with wg(8), the command does or fails.</summary>
    [Fact]
    public void Set_UnknownNameAtAnotherImplementation_IsRefused()
    {
        using var laptop = new Laptop();
        CommandResult set = laptop.Lab.Far.TryRun(
            ["env", "WG_ENDPOINT_RESOLUTION_RETRIES=0", Programs.WgNet, "set", laptop.Gateway.Name, "peer", KeyPair.Generate().Public, "endpoint", Endpoint]);

        Assert.Equal(1, set.ExitCode);
        Assert.Contains($"`{Endpoint}'", set.Error, StringComparison.Ordinal);
    }

    /// <summary>A host with a file whose only peer is a wireguard-go gateway, by name, and a name server that is not running yet.</summary>
    private sealed class Laptop : IDisposable
    {
        public Laptop(string allowedIps = "10.77.0.0/24")
        {
            Names = new NameServer(Lab.Lab, Lab.Host);
            Gateway = Tunnel.Start(Lab.Far, Implementation.WireGuardGo);
            Gateway.ListenOn(Tunnel.Port);
            Gateway.Set($"peer {Own.Public} allowed-ips {LaptopInside}/32");
            Gateway.Up(TunnelPair.DefaultMtu, GatewayInside + "/24");
            Lab.Write($"""
                [Interface]
                PrivateKey = {Own.Private}
                Address = {LaptopInside}/24
                [Peer]
                PublicKey = {Gateway.Keys.Public}
                AllowedIPs = {allowedIps}
                Endpoint = {Endpoint}
                """);
        }

        public KeyPair Own { get; } = KeyPair.Generate();

        public QuickLab Lab { get; } = new();

        public NameServer Names { get; }

        public Tunnel Gateway { get; }

        public void Up() => Lab.MustRun(Programs.WgNet, "up", Lab.ConfigurationFile);

        /// <summary>An echo a second, until one is answered.</summary>
        public void Reaches(TimeSpan within) =>
            Ping.SucceedsWithin(within, Lab.Host, GatewayInside, () => Lab.Host.Run(Programs.WgNet, "show", Lab.Name));

        public JsonElement Peer() => JsonDocument.Parse(Lab.Host.Run(Programs.WgNet, "show", Lab.Name, "--json"))
            .RootElement.GetProperty("interfaces")[0].GetProperty("peers")[0];

        public void Dispose() => Lab.Dispose();
    }
}
