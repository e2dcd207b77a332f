using System.Globalization;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>
/// The threads that peers wait for come before other processes: the outbound ones while they carry bulk, the others always. Those that only
/// people wait for never do.
/// </summary>
public sealed class PriorityTests
{
    private static readonly string[] Always = ["handshakes", "inbound", "timers"];

    [Fact]
    public void Threads_OfAGatewayThatRootStarted_ComeBeforeOthers()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4);
        pair.PingBothWays();

        AssertNice(pair.Left, always: -10, outbound: 0);
    }

    [Fact]
    public async Task OutboundThread_WithBulkAndThenWithout_ComesBeforeOthersMeanwhile()
    {
        using var pair = new TunnelPair(Implementation.WgNet, Outside.IPv4);
        Task transfers = Task.Run(
            () =>
            {
                for (int i = 0; i < 3; i++)
                {
                    TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv4);
                }
            },
            TestContext.Current.CancellationToken);
        bool came = false;
        while (!transfers.IsCompleted)
        {
            came |= Threads(pair.Left).Contains(("outbound", -10));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        await transfers;
        Assert.True(came, "never");
        Thread.Sleep(20);
        pair.PingBothWays();
        AssertNice(pair.Left, always: -10, outbound: 0);
    }

    [Fact]
    public void Threads_OfAGatewayToldNotTo_AreLikeOthers()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4, environment: "WGNET_NICE=0");
        pair.PingBothWays();

        AssertNice(pair.Left, always: 0, outbound: 0);
    }

    [Fact]
    public void Threads_OfAGatewayThatWasStartedNicer_StandAsFarBeforeIt()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4, environment: ["nice", "-n", "7"]);
        pair.PingBothWays();

        AssertNice(pair.Left, always: -3, outbound: 7, others: 7);
    }

    [Fact]
    public void Threads_WithoutThePermission_AreLikeOthersAndCarry()
    {
        using var pair = new TunnelPair(
            Implementation.WireGuardGo, Outside.IPv4, environment: ["LOG_LEVEL=verbose", "setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"]);
        pair.PingBothWays();

        AssertNice(pair.Left, always: 0, outbound: 0);
        TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv4);
        AssertNice(pair.Left, always: 0, outbound: 0);
        _ = Assert.Single(pair.Left.Daemon.Log.Split('\n'), line => line.EndsWith(": a nice value of -10 takes CAP_SYS_NICE", StringComparison.Ordinal));
    }

    private static void AssertNice(Tunnel tunnel, int always, int outbound, int others = 0)
    {
        (string Name, int Nice)[] threads = Threads(tunnel);
        Assert.Superset(new HashSet<string>([.. Always, "outbound"], StringComparer.Ordinal), threads.Select(thread => thread.Name).ToHashSet(StringComparer.Ordinal));
        Assert.All(threads, thread => Assert.Equal(
            (thread.Name, Always.Contains(thread.Name) ? always : thread.Name == "outbound" ? outbound : others), thread));
    }

    private static (string Name, int Nice)[] Threads(Tunnel tunnel) => [.. Directory.GetDirectories($"/proc/{tunnel.Daemon.Pid}/task").Select(Read)];

    // proc_pid_stat(5): the name in brackets is the second field, the nice value the 19th.
    private static (string Name, int Nice) Read(string task)
    {
        string stat = File.ReadAllText(Path.Combine(task, "stat"));
        int nameEnd = stat.LastIndexOf(')');
        return (stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..nameEnd], int.Parse(stat[(nameEnd + 2)..].Split(' ')[16], CultureInfo.InvariantCulture));
    }
}
