using System.Globalization;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>The threads that peers wait for come before other processes; those that only people wait for do not.</summary>
public sealed class PriorityTests
{
    private static readonly string[] PeerThreads = ["handshakes", "inbound", "outbound", "timers"];

    [Fact]
    public void PeerThreads_OfAGatewayThatRootStarted_ComeBeforeOthers()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4);
        pair.PingBothWays();

        AssertNice(pair.Left, ofPeers: -10);
    }

    [Fact]
    public void PeerThreads_OfAGatewayToldNotTo_AreLikeOthers()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4, environment: "WGNET_NICE=0");
        pair.PingBothWays();

        AssertNice(pair.Left, ofPeers: 0);
    }

    [Fact]
    public void PeerThreads_OfAGatewayThatWasStartedNicer_StandAsFarBeforeIt()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4, environment: ["nice", "-n", "7"]);
        pair.PingBothWays();

        AssertNice(pair.Left, ofPeers: -3, ofOthers: 7);
    }

    [Fact]
    public void PeerThreads_WithoutThePermission_CarryAsLikeOthers()
    {
        using var pair = new TunnelPair(
            Implementation.WireGuardGo, Outside.IPv4, environment: ["LOG_LEVEL=verbose", "setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"]);
        pair.PingBothWays();

        AssertNice(pair.Left, ofPeers: 0);
        Assert.Contains("packets do not come before other processes: a nice value of -10 takes CAP_SYS_NICE", pair.Left.Daemon.Log, StringComparison.Ordinal);
    }

    private static void AssertNice(Tunnel tunnel, int ofPeers, int ofOthers = 0)
    {
        (string Name, int Nice)[] threads = [.. Directory.GetDirectories($"/proc/{tunnel.Daemon.Pid}/task").Select(Read)];
        (string Name, int Nice)[] peers = [.. threads.Where(thread => PeerThreads.Contains(thread.Name))];

        Assert.Equal(PeerThreads, peers.Select(thread => thread.Name).Distinct().Order(StringComparer.Ordinal));
        Assert.All(peers, thread => Assert.Equal((thread.Name, ofPeers), thread));
        Assert.All(threads.Except(peers), thread => Assert.Equal((thread.Name, ofOthers), thread));
    }

    // proc_pid_stat(5): the name in brackets is the second field, the nice value the 19th.
    private static (string Name, int Nice) Read(string task)
    {
        string stat = File.ReadAllText(Path.Combine(task, "stat"));
        int nameEnd = stat.LastIndexOf(')');
        return (stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..nameEnd], int.Parse(stat[(nameEnd + 2)..].Split(' ')[16], CultureInfo.InvariantCulture));
    }
}
