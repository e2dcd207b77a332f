using System.Text.Json;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary><c>wgnet learned</c>: who has which address, and an administrator's word about them.</summary>
public sealed class LearnedCommandTests
{
    [Fact]
    public void Table_OfTwoClients_ShowsWhoHasWhat()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel first = network.AddClient();
        Tunnel second = network.AddClient();
        string[] addresses = [SlaacNetwork.WaitForAddress(first), SlaacNetwork.WaitForAddress(second)];
        Ping.Succeeds(first.Host, SlaacNetwork.GatewayAddress);
        Ping.Succeeds(second.Host, SlaacNetwork.GatewayAddress);

        string[] lines = Learned(network).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Matches("^address +peer +age +first seen +packets  pinned$", lines[0]);
        Assert.Single(lines, line => IsRow(line, addresses[0], first));
        Assert.Single(lines, line => IsRow(line, addresses[1], second));
        Assert.All(lines, line => Assert.Equal(lines[0].IndexOf("peer", StringComparison.Ordinal), line.TrimStart().IndexOf("  ", StringComparison.Ordinal) is var end
            ? end + line[end..].Length - line[end..].TrimStart().Length : -1));

        string[] rows = Learned(network, "--json").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        JsonElement row = Assert.Single(rows.Select(line => JsonDocument.Parse(line).RootElement), row => row.GetProperty("address").GetString() == addresses[1]);
        Assert.Equal((second.Keys.Public, network.Gateway.Name, false),
            (row.GetProperty("peer").GetString(), row.GetProperty("interface").GetString(), row.GetProperty("pinned").GetBoolean()));
        Assert.InRange(row.GetProperty("packets").GetInt64(), 1, 1000);

        // Of all interfaces there are, those of other tests among them.
        CommandResult all = network.GatewayHost.TryRun([Programs.WgNet, "learned"]);
        Assert.Contains(all.Output.Split('\n'), line => line.StartsWith(network.Gateway.Name, StringComparison.Ordinal) && line.Contains($" {addresses[0]} ", StringComparison.Ordinal));
    }

    [Fact]
    public void Pin_OfALearnedAddress_OutlivesItsTimeout()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        Run(network, 0, "", "pin", address, client.Keys.Public);
        Assert.Equal(0, UapiSocket.Set(network.Gateway.Name, "public_key=" + client.Keys.PublicHex, "learn_timeout_sec=1"));

        // Silent, but for the answers that it gives at the end.
        Wait.Until(() => network.Learned(client).Count == 1, TimeSpan.FromSeconds(10), () => Learned(network));
        Thread.Sleep(TimeSpan.FromSeconds(2));
        Assert.EndsWith("  yes", Assert.Single(Learned(network).Split('\n'), line => line.StartsWith(address, StringComparison.Ordinal)), StringComparison.Ordinal);
        Ping.Succeeds(network.GatewayHost, address);
        Assert.Single(network.Gateway.PeerValues(client, "learned_pinned"), "true");
        Assert.Matches($@"  learned ips: {address} \([0-9]+ s ago, pinned\)\n", network.GatewayHost.Run(Programs.WgNet, "show", network.Gateway.Name));

        Run(network, 0, "", "unpin", address);
        Wait.Until(() => network.Learned(client).Count == 0, TimeSpan.FromSeconds(10), () => Learned(network));
        Assert.Equal("", Learned(network));
    }

    [Fact]
    public void Word_ThatMakesNoSense_SaysSoAndChangesNothing()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel owner = network.AddClient();
        Tunnel other = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(owner);
        Ping.Succeeds(owner.Host, SlaacNetwork.GatewayAddress);

        Run(network, 1, "2001:db8:1::dead is not learned", "forget", "2001:db8:1::dead");
        Run(network, 1, "2001:db8:1::dead is not learned", "unpin", "2001:db8:1::dead");
        Run(network, 1, $"{address} is not pinned", "unpin", address);
        Run(network, 1, $"{address} is learned by {owner.Keys.Public}", "pin", address, other.Keys.Public);
        Run(network, 1, "is not a peer", "pin", address, KeyPair.Generate().Public);
        Run(network, 1, "in none of the peer's LearnableIPs", "pin", "2001:db8:7::1", other.Keys.Public);
        Run(network, 1, "interface's own", "pin", SlaacNetwork.GatewayAddress, other.Keys.Public);
        Assert.Equal(0, UapiSocket.Set(network.Gateway.Name, "public_key=" + other.Keys.PublicHex, "learn_limit=0"));
        Run(network, 1, "LearnLimit is 0", "pin", "2001:db8:1::5", other.Keys.Public);
        Assert.Contains(address, network.Learned(owner));
        Wait.Until(
            () => network.Gateway.Daemon.Log.Contains("cannot be pinned for " + other.Keys.Public, StringComparison.Ordinal),
            TimeSpan.FromSeconds(2),
            "the log does not say why");

        // Stock wg goes on beside all of it.
        Run(network, 0, "", "pin", address, owner.Keys.Public);
        Assert.Contains(owner.Keys.Public, network.GatewayHost.Run($"wg show {network.Gateway.Name}"), StringComparison.Ordinal);
        Run(network, 0, "", "forget", address);
        Assert.DoesNotContain(address, network.Learned(owner));
    }

    private static bool IsRow(string line, string address, Tunnel peer) =>
        line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is [var shown, var key, var age, _, _]
        && shown == address && key == peer.Keys.Public && age.EndsWith(" s", StringComparison.Ordinal);

    private static string Learned(SlaacNetwork network, params string[] options)
    {
        CommandResult result = network.GatewayHost.TryRun([Programs.WgNet, "learned", network.Gateway.Name, .. options]);
        Assert.True(result.Succeeded, result.ToString());
        return result.Output;
    }

    private static void Run(SlaacNetwork network, int exitCode, string error, params string[] words)
    {
        CommandResult result = network.GatewayHost.TryRun([Programs.WgNet, "learned", network.Gateway.Name, .. words]);
        Assert.True(result.ExitCode == exitCode && result.Output.Length == 0 && (error.Length == 0) == (result.Error.Length == 0), result.ToString());
        Assert.Contains(error, result.Error, StringComparison.Ordinal);
    }
}
