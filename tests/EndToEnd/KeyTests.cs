using System.Diagnostics;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>Keys that change while packets flow.</summary>
public sealed class KeyTests
{
    /// <summary>
    /// The environment variable that shortens the initiator's rekeying, for tests alone. Five seconds still lie between two
    /// initiations.
    /// </summary>
    private const string RekeyAfterTwoSeconds = "WGNET_TEST_REKEY_AFTER_TIME=2";

    /// <summary>On a path so long that several echoes and answers are under way, under the old keys, whenever new ones come.</summary>
    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public async Task Rekey_EveryTwoSecondsUnderPings_LosesNone(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside, TunnelPair.DefaultMtu, RekeyAfterTwoSeconds);
        pair.LeadThrough((relay, left, right) => new SlowRelay(relay, left, right, TimeSpan.FromMilliseconds(60)));
        Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4);
        var handshakes = new HashSet<long>();
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        var lost = Task.Run(() => Ping.Lost(pair.LeftHost, TunnelPair.RightIPv6, 1200), cancelled);
        while (!lost.IsCompleted)
        {
            handshakes.Add(pair.Left.LatestHandshake(pair.Right));
            await Task.Delay(TimeSpan.FromSeconds(1), cancelled);
        }

        Assert.Empty(await lost);
        Assert.True(handshakes.Count >= 3, $"only {handshakes.Count} handshakes were seen");
    }

    [Theory]
    [MemberData(nameof(Matrix.Peers), MemberType = typeof(Matrix))]
    public void Rekey_DuringTcp_StreamArrivesUnchanged(Implementation peer)
    {
        using var pair = new TunnelPair(peer, Outside.IPv6, TunnelPair.DefaultMtu, RekeyAfterTwoSeconds);
        Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4);
        long first = pair.Left.LatestHandshake(pair.Right);
        long start = Stopwatch.GetTimestamp();

        // An initiation may be lost among so much else, as any datagram: then the next one comes after five seconds.
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(9)
            || (pair.Left.LatestHandshake(pair.Right) == first && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30)))
        {
            TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv4, 50 << 20);
        }

        Assert.True(pair.Left.LatestHandshake(pair.Right) > first, "no handshake while bytes flowed");
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void PrivateKey_Changed_NextPacketHandshakesAtOnce(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        pair.PingBothWays();

        string old = pair.Left.Keys.Public;
        pair.Left.SetPrivateKey(KeyPair.Generate());
        pair.Right.Set($"peer {old} remove");
        pair.Right.AddPeer(pair.Left, TunnelPair.LeftAllowedIps);

        // The right end knows no endpoint: only the left one can have begun.
        long start = Stopwatch.GetTimestamp();
        Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1), "waited for a retry");
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv6);
    }

    [Theory]
    [MemberData(nameof(Matrix.Peers), MemberType = typeof(Matrix))]
    public void PrivateKey_Removed_NothingPassesUntilItIsBack(Implementation peer)
    {
        using var pair = new TunnelPair(peer, Outside.IPv4);
        pair.PingBothWays();

        KeyPair keys = pair.Left.Keys;
        Assert.Equal(0, UapiSocket.Set(pair.Left.Name, "private_key=" + new string('0', 64)));
        Assert.Equal("(none)", pair.LeftHost.Run($"wg show {pair.Left.Name} public-key").Trim());
        Ping.Fails(pair.LeftHost, TunnelPair.RightIPv4);

        pair.Left.SetPrivateKey(keys);
        Ping.SucceedsWithin(TimeSpan.FromSeconds(15), pair.LeftHost, TunnelPair.RightIPv4, "no handshake after the key came back");
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void ListenPort_Changed_PeerFollowsAndOldPortIsFree(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        pair.PingBothWays();

        pair.Left.ListenOn(51999);
        Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4);
        Assert.Equal(Tunnel.Endpoint(pair.LeftHost.Address(outside), 51999), pair.Right.EndpointOf(pair.Left));
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv4);
        Assert.DoesNotContain(":51820 ", pair.LeftHost.Run("ss -Hnlu"), StringComparison.Ordinal);
    }
}
