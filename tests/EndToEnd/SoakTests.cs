using System.Globalization;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>
/// Full load both ways while keys are renewed every five seconds: nothing is lost, nothing grows.
/// Seconds in the normal run; <c>./test.sh soak [minutes]</c> is the long form.
/// </summary>
[Collection(nameof(Alone))]
public sealed class SoakTests
{
    private const int RekeyAfter = 5;
    private const int Megabyte = 1 << 20;

    // The runtime's pool, which serves control clients, adds threads when the machine is busy. A leak would be one a client: dozens.
    private const int PoolThreads = 8;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(
        int.Parse(Environment.GetEnvironmentVariable("WGNET_SOAK_SECONDS") ?? "18", CultureInfo.InvariantCulture));

    [Theory]
    [MemberData(nameof(Matrix.Peers), MemberType = typeof(Matrix))]
    public async Task FullLoad_RekeyingEveryFiveSeconds_LosesNothingAndGrowsNowhere(Implementation peer)
    {
        using var pair = new TunnelPair(
            peer, Outside.IPv4, TunnelPair.DefaultMtu, string.Create(CultureInfo.InvariantCulture, $"WGNET_TEST_REKEY_AFTER_TIME={RekeyAfter}"));
        pair.PingBothWays();
        Transfer(pair, TimeSpan.FromSeconds(3));

        Usage before = Usage.Of(pair.Left.Daemon.Pid);
        var handshakes = new HashSet<long>();
        Task load = Task.Run(() => Transfer(pair, Duration), TestContext.Current.CancellationToken);
        while (!load.IsCompleted)
        {
            handshakes.Add(pair.Left.LatestHandshake(pair.Right));
            await Task.Delay(500, TestContext.Current.CancellationToken);
        }

        await load;

        // The last of those who asked may still be on their way out.
        Usage after = Usage.Of(pair.Left.Daemon.Pid);
        for (int i = 0; i < 50 && after.Descriptors > before.Descriptors; i++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
            after = Usage.Of(pair.Left.Daemon.Pid);
        }

        Assert.InRange(handshakes.Count, (int)(Duration.TotalSeconds / (2 * RekeyAfter)), int.MaxValue);
        Assert.InRange(after.Resident, 0, before.Resident + (8 * Megabyte));
        Assert.InRange(after.Descriptors, 0, before.Descriptors + 1);
        Assert.InRange(after.Threads, 0, before.Threads + PoolThreads);
        foreach (string reason in (string[])["bad_tag", "replayed", "key_expired", "malformed_inside", "not_allowed"])
        {
            Assert.Equal(["0"], Dropped(pair, reason));
        }
    }

    private static void Transfer(TunnelPair pair, TimeSpan duration) => Parallel.Invoke(
        () => TcpTransfer.RunFor(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv4, duration),
        () => TcpTransfer.RunFor(pair.RightHost, pair.LeftHost, TunnelPair.LeftIPv6, duration));

    // A reason that was never met may be left out.
    private static IReadOnlyList<string> Dropped(TunnelPair pair, string reason) =>
        pair.Left.PeerValues(pair.Right, "drop_" + reason) is { Count: > 0 } values ? values : ["0"];

    private sealed record Usage(long Resident, int Descriptors, int Threads)
    {
        public static Usage Of(int pid) => new(
            ProcessMemory.Of(pid).Resident,
            Directory.GetFiles($"/proc/{pid}/fd").Length,
            Directory.GetDirectories($"/proc/{pid}/task").Length);
    }
}
