using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>
/// The ways that a packet can take through WgNet, by what the machine offers: each carries the same traffic.
/// <c>./test.sh paths</c> repeats all other end-to-end tests on each of them.
/// </summary>
public sealed class PathTests
{
    /// <summary>The same list as in test.sh.</summary>
    public static TheoryData<string> Paths { get; } =
    [
        "WGNET_OFFLOAD=off",
        "WGNET_TUN_OFFLOAD=off",
        "WGNET_UDP_OFFLOAD=off",
        "WGNET_WORKERS=2",
        "WGNET_WORKERS=4",
        "DOTNET_EnableAVX512=0",
        "DOTNET_EnableAVX2=0",
        "DOTNET_EnableHWIntrinsic=0",
    ];

    [Theory]
    [MemberData(nameof(Paths))]
    public void Path_StreamsAndPings_ArriveUnchanged(string path)
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4, TunnelPair.DefaultMtu, path);
        pair.PingBothWays();
        Assert.Empty(Ping.Lost(pair.LeftHost, TunnelPair.RightIPv6, 200, interval: 2));
        TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv6, 20 << 20);
        TcpTransfer.Run(pair.RightHost, pair.LeftHost, TunnelPair.LeftIPv4, 20 << 20);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Path_BothEndsWgNet_StreamsBothWaysAtOnceArriveUnchanged(string path)
    {
        using var pair = new TunnelPair(Implementation.WgNet, Outside.IPv6, TunnelPair.DefaultMtu, path);
        pair.PingBothWays();
        Parallel.Invoke(
            () => TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv6, 40 << 20),
            () => TcpTransfer.Run(pair.RightHost, pair.LeftHost, TunnelPair.LeftIPv4, 40 << 20));
    }
}
