using System.Globalization;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>An outside path that loses, repeats and reorders costs speed, never bytes.</summary>
public sealed class OutsideFaultTests
{
    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Tcp_TenPercentLostRepeatedAndReordered_ArrivesUnchanged(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        FaultyRelay faults = pair.LeadThrough((relay, left, right) => new FaultyRelay(relay, left, right, 0.1));
        Ping.SucceedsWithin(TimeSpan.FromSeconds(40), pair.LeftHost, TunnelPair.RightIPv4, "no handshake came through");

        // Repeated outside is not repeated inside: ping(8) would say so.
        CommandResult pings = pair.LeftHost.TryRun(
            ["ping", "-n", "-c", "300", "-i", "0.005", "-W", "1", TunnelPair.RightIPv6]);
        Assert.DoesNotContain("DUP!", pings.Output, StringComparison.Ordinal);

        TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv4, 1 << 20);
        TcpTransfer.Run(pair.RightHost, pair.LeftHost, TunnelPair.LeftIPv6, 1 << 20);

        (int lost, int repeated, int reordered) = faults.Faults;
        Assert.True(lost > 100 && repeated > 100 && reordered > 100, $"the relay did little: {lost}, {repeated}, {reordered}");
    }

    /// <summary>A firewall that lets handshakes out and nothing else: sendmsg(2) fails with EPERM.</summary>
    [Fact]
    public void Data_RefusedByTheGatewaysOwnFirewall_IsCounted()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4);
        pair.LeftHost.Run("nft add table inet deaf");
        pair.LeftHost.Run(["nft", "add", "chain", "inet", "deaf", "output", "{ type filter hook output priority 0; }"]);
        pair.LeftHost.Run(["nft", "add", "rule", "inet", "deaf", "output", "udp", "sport", Tunnel.Port.ToString(CultureInfo.InvariantCulture), "@th,64,8", "4", "drop"]);

        // The first one waits for the handshake.
        Ping.Fails(pair.LeftHost, TunnelPair.RightIPv4);
        Wait.Until(() => pair.Left.PeerValues(pair.Right, "drop_udp_refused").Count == 1, TimeSpan.FromSeconds(10), "the one that waited is not counted");
        Ping.Fails(pair.LeftHost, TunnelPair.RightIPv4);
        string shown = pair.LeftHost.Run(Programs.WgNet, "show", pair.Left.Name);
        Assert.Equal(2, shown.Split("udp refused").Length - 1);
        Assert.Contains(UapiSocket.Get(pair.Left.Name).TakeWhile(line => line.Key != "public_key"), line => line.Key == "drop_udp_refused" && line.Value != "0");
    }
}
