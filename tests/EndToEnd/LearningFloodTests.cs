using System.Globalization;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>A peer that claims addresses without end, and what that costs the others.</summary>
[Collection(nameof(Alone))]
public sealed class LearningFloodTests
{
    private const int Rounds = 3;
    private const int ClaimsARound = 33_334;
    private const int PerMillisecond = 20;

    private static readonly TimeSpan Duration = TimeSpan.FromMilliseconds((double)ClaimsARound / PerMillisecond);

    [Fact]
    public async Task Peer_ThatClaimsAHundredThousandAddresses_CostsOthersNothing()
    {
        using var network = new SlaacNetwork(Implementation.WgNet, Outside.IPv4);
        Tunnel victim = network.AddClient();
        Tunnel flooder = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(victim);
        string known = SlaacNetwork.WaitForAddress(flooder);
        Ping.Succeeds(victim.Host, SlaacNetwork.GatewayAddress);
        Ping.Succeeds(flooder.Host, SlaacNetwork.GatewayAddress);
        IReadOnlyList<string> before = network.Learned(victim);

        // As many packets from an address that it has are what it costs anyway.
        List<double> ratios = [];
        for (int round = 0; round < Rounds; round++)
        {
            long beside = await BytesBesideAsync(network, victim, address, flooder, known, step: 0);
            long flooded = await BytesBesideAsync(network, victim, address, flooder, $"2001:db8:1::f10{round}:0", step: 1);
            ratios.Add((double)flooded / beside);
        }

        // A refused packet costs no more than one that is answered, so less than nothing; the rest is for a machine that is never quite still.
        Assert.True(ratios.Order().ElementAt(1) > 0.8, string.Join(", ", ratios.Select(ratio => ratio.ToString("0.00", CultureInfo.InvariantCulture))));

        Assert.Equal(before, network.Learned(victim), StringComparer.Ordinal);
        Ping.Succeeds(network.GatewayHost, address);
        Assert.InRange(network.Learned(flooder).Count, 1, 16);
        Assert.InRange(network.Drops(flooder, "learn_rate_limited"), Rounds * ClaimsARound / 2, Rounds * ClaimsARound);
        Assert.Equal(0, network.Drops(victim, "conflict"));
    }

    // What reaches the victim by TCP while the other one sends.
    private static async Task<long> BytesBesideAsync(SlaacNetwork network, Tunnel victim, string address, Tunnel flooder, string first, uint step)
    {
        var flood = Task.Run(() => RawIPv6.SendEchoRequests(
            flooder.Host, first, step, ClaimsARound, PerMillisecond, SlaacNetwork.GatewayAddress));
        long bytes = TcpTransfer.RunFor(network.GatewayHost, victim.Host, address, Duration);
        await flood;
        return bytes;
    }
}
