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
        Host relay = pair.Lab.AddHost("relay");
        pair.Lab.Link(relay, pair.LeftHost);
        pair.Lab.Link(relay, pair.RightHost);
        FaultyRelay faults = pair.Lab.Add(new FaultyRelay(
            relay, pair.LeftHost.Links[1].Address(outside), pair.RightHost.Links[1].Address(outside), 0.1));
        pair.Left.AddPeer(pair.Right, TunnelPair.RightAllowedIps, Tunnel.Endpoint(relay.Links[0].Address(outside)));
        pair.Right.AddPeer(pair.Left, TunnelPair.LeftAllowedIps, Tunnel.Endpoint(relay.Links[1].Address(outside)));
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
}
