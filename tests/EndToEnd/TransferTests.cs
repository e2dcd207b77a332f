using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>Packets arrive, whole, in both directions.</summary>
public sealed class TransferTests
{
    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Ping_FreshTunnel_BothFamiliesAreAnsweredBothWays(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4);
        Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv6);
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv4);
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv6);
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Ping_PeerSpeaksFirst_IsAnswered(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv6);
        Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4);
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Ping_TwoThousandInARow_NoneIsLost(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        pair.PingBothWays();
        Assert.Empty(Ping.Lost(pair.LeftHost, TunnelPair.RightIPv6, 1000, interval: 2));
        Assert.Empty(Ping.Lost(pair.RightHost, TunnelPair.LeftIPv4, 1000, interval: 2));
    }

    /// <summary>A process that gets no processor for a moment: the kernel keeps its packets, on both sides of it.</summary>
    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public async Task Process_StandsStillForAMoment_PacketsComeLateAndNoneIsLost(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        pair.PingBothWays();
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        var lost = Task.Run(() => Ping.Lost(pair.LeftHost, TunnelPair.RightIPv6, 100), cancelled);

        // A hundred take between one second and two: the last ones meet a process that stands still.
        await Task.Delay(TimeSpan.FromSeconds(0.7), cancelled);
        pair.Left.Daemon.Signal("STOP");
        await Task.Delay(TimeSpan.FromSeconds(1.3), cancelled);
        pair.Left.Daemon.Signal("CONT");
        Assert.Empty(await lost);
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Tcp_HundredMegabytesEachWay_ArriveUnchanged(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv4);
        TcpTransfer.Run(pair.RightHost, pair.LeftHost, TunnelPair.LeftIPv6);
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Tcp_HundredMegabytesEachWayWithoutOffloads_ArriveUnchanged(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside, TunnelPair.DefaultMtu, "WGNET_OFFLOAD=off");
        TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv6);
        TcpTransfer.Run(pair.RightHost, pair.LeftHost, TunnelPair.LeftIPv4);
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Tcp_JumboMtu_WholePacketsAndStreamsArrive(Implementation peer, Outside outside)
    {
        const int mtu = 8920;
        using var pair = new TunnelPair(peer, outside, mtu);
        Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4, "-M", "do", "-s", "8892");
        Ping.Succeeds(pair.RightHost, TunnelPair.LeftIPv6, "-M", "do", "-s", "8872");
        TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv6);
        TcpTransfer.Run(pair.RightHost, pair.LeftHost, TunnelPair.LeftIPv4);
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Tcp_PresharedKey_HundredMegabytesArriveAndAnotherKeyDoesNot(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        string psk = Command.Run("wg", "genpsk");
        SetPresharedKey(pair.Left, pair.Right, psk);
        Ping.Fails(pair.LeftHost, TunnelPair.RightIPv4);

        SetPresharedKey(pair.Right, pair.Left, psk);
        Ping.SucceedsWithin(TimeSpan.FromSeconds(15), pair.LeftHost, TunnelPair.RightIPv4, "no handshake with equal preshared keys");
        TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv4);
    }

    private static void SetPresharedKey(Tunnel tunnel, Tunnel peer, string key)
    {
        CommandResult result = tunnel.Host.TryRun(
            ["wg", "set", tunnel.Name, "peer", peer.Keys.Public, "preshared-key", "/dev/stdin"], key);
        Assert.True(result.Succeeded, result.ToString());
    }
}
