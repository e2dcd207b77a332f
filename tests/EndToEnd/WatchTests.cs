using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>
/// While little comes one thread does both directions, and under load each has threads of its own: seen from outside, by the time that
/// they run.
/// </summary>
[Collection(nameof(Alone))]
public sealed class WatchTests
{
    // Longer than what must have been quiet.
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(200);

    [Theory]
    [InlineData(Implementation.WireGuardGo, 1)]
    [InlineData(Implementation.WgNet, 1)]
    [InlineData(Implementation.WgNet, 4)]
    public async Task LonePackets_AreOneThreadsBusiness_AndLoadIsNot(Implementation peer, int workers)
    {
        using var pair = new TunnelPair(peer, Outside.IPv6);
        Assert.Equal(0, UapiSocket.Set(pair.Left.Name, $"workers={workers}"));
        pair.PingBothWays();

        for (int round = 0; round < 2; round++)
        {
            AssertInboundCarriesPings(pair);

            await AssertOutboundCarriesLoadAsync(pair, bothWays: workers == 1);
        }
    }

    /// <summary>The interface goes down and up, and the port changes, while the inbound worker watches: the outbound ones see to it meanwhile.</summary>
    [Fact]
    public void Watcher_WhoseSocketsClose_IsFollowedByTheNext()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4);
        pair.PingBothWays();
        for (int round = 0; round < 5; round++)
        {
            Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4);
            pair.Left.ListenOn(Tunnel.Port + 1 + round);
            Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4);
            pair.LeftHost.Run("ip", "link", "set", pair.Left.Name, "down");
            pair.LeftHost.Run("ip", "link", "set", pair.Left.Name, "up");
            Ping.SucceedsWithin(TimeSpan.FromSeconds(15), pair.LeftHost, TunnelPair.RightIPv4, "the tunnel carries nothing after down and up");
        }
    }

    // With one worker a direction it takes as much the other way at the same time to make load of a stream; a machine that is busy with other
    // things may keep one of two from coming to that.
    private static async Task AssertOutboundCarriesLoadAsync(TunnelPair pair, bool bothWays)
    {
        const long Worked = 1_000_000;
        const int Tries = 5;
        long before = ThreadTimes.Of(pair.Left, "outbound").Sum();
        for (int i = 0; i < Tries && ThreadTimes.Of(pair.Left, "outbound").Sum() - before < Worked; i++)
        {
            Task other = bothWays ? Task.Run(() => TcpTransfer.Run(pair.RightHost, pair.LeftHost, TunnelPair.LeftIPv4)) : Task.CompletedTask;
            TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv6);
            await other;
        }

        Assert.InRange(ThreadTimes.Of(pair.Left, "outbound").Sum() - before, Worked, long.MaxValue);
    }

    // A machine that stops for a moment makes a burst of some pings, which is load: so more than one try.
    private static void AssertInboundCarriesPings(TunnelPair pair)
    {
        const int Tries = 5;
        var outbound = new List<string>();
        for (int i = 0; i < Tries; i++)
        {
            Thread.Sleep(Calm);
            Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4);

            // What a thread did last may not be counted until it sleeps.
            Thread.Sleep(Calm);
            IReadOnlyList<long> before = ThreadTimes.Of(pair.Left, "outbound");
            Assert.Empty(Ping.Lost(pair.LeftHost, TunnelPair.RightIPv4, count: 50));
            Assert.Empty(Ping.Lost(pair.RightHost, TunnelPair.LeftIPv6, count: 50));
            IReadOnlyList<long> after = ThreadTimes.Of(pair.Left, "outbound");
            if (after.SequenceEqual(before))
            {
                return;
            }

            outbound.Add($"{string.Join(", ", before)} ns before and {string.Join(", ", after)} after");
        }

        Assert.Fail($"outbound threads ran for pings each time: {string.Join("; ", outbound)}");
    }
}
