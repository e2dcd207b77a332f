using System.Globalization;
using System.Net.Sockets;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>A device without traffic sleeps. Alone: other tests list all interfaces, and so ask these ones' control sockets.</summary>
[Collection(nameof(Alone))]
public sealed class IdleTests
{
    // Since the last packet and the last request to the control socket: a session's timers run for 25 seconds, threads of the
    // runtime's pool end after 20, and the state is written for the last time within a minute of the handshake.
    private static readonly TimeSpan UntilIdle = TimeSpan.FromSeconds(65);

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public Task Minute_WithoutTraffic_WakesNoThreadButForTheKernelsOwnPackets() =>
        Task.WhenAll(WatchAsync(Implementation.WireGuardGo), WatchAsync(Implementation.WgNet));

    private static async Task WatchAsync(Implementation peer)
    {
        using var pair = new TunnelPair(peer, Outside.IPv4);
        pair.PingBothWays();

        // Metrics that nobody asks for cost nothing, nor do those that were asked for a while ago.
        string metrics = Path.Combine(pair.Lab.Folder, "metrics.sock");
        Assert.Equal(0, UapiSocket.Set(pair.Left.Name, "metrics_listen=" + metrics));
        Assert.Contains("wgnet_peers", pair.LeftHost.Run("curl", "-sS", "--unix-socket", metrics, "http://wgnet/metrics"), StringComparison.Ordinal);

        // Nor does a subscriber to whom there is nothing to tell.
        using Socket subscriber = UapiSocket.Connect(pair.Left.Name);
        _ = subscriber.Send("subscribe=1\n\n"u8);
        Assert.StartsWith("errno=0\n", UapiSocket.ReadAnswer(subscriber), StringComparison.Ordinal);
        await Task.Delay(UntilIdle, TestContext.Current.CancellationToken);

        long packetsBefore = PacketsFromKernel(pair.Left);
        Dictionary<string, long> before = Switches(pair.Left.Daemon.Pid);
        await Task.Delay(Minute, TestContext.Current.CancellationToken);
        Dictionary<string, long> after = Switches(pair.Left.Daemon.Pid);
        long packets = PacketsFromKernel(pair.Left) - packetsBefore;

        List<string> woken = [.. after
            .Select(thread => (thread.Key, Count: thread.Value - before.GetValueOrDefault(thread.Key)))
            .Where(thread => thread.Count > 0)
            .SelectMany(thread => Enumerable.Repeat(thread.Key, (int)thread.Count))];
        string story = string.Create(CultureInfo.InvariantCulture, $"{packets} packets from the kernel, and woken were: {string.Join(", ", woken)}");
        Assert.True(woken.TrueForAll(thread => thread.EndsWith("bound", StringComparison.Ordinal)), story);

        // Three times: on a busy machine handling a packet may mean to wait for a lock of the kernel's, once or twice.
        Assert.True(woken.Count <= 3 * packets, story);
    }

    // Router solicitations and multicast reports, which the kernel sends into a new interface at growing intervals.
    private static long PacketsFromKernel(Tunnel tunnel) => long.Parse(
        tunnel.Host.Run($"cat /sys/class/net/{tunnel.Name}/statistics/tx_packets"), CultureInfo.InvariantCulture);

    /// <summary>How often each thread went to sleep, and so woke up, by its id and name.</summary>
    private static Dictionary<string, long> Switches(int pid) => Directory
        .GetDirectories($"/proc/{pid}/task")
        .ToDictionary(
            task => $"{Path.GetFileName(task)} {File.ReadAllText(Path.Combine(task, "comm")).Trim()}",
            task => File.ReadLines(Path.Combine(task, "status"))
                .Where(line => line.StartsWith("voluntary_ctxt_switches:", StringComparison.Ordinal))
                .Sum(line => long.Parse(line.Split(':')[1], CultureInfo.InvariantCulture)),
            StringComparer.Ordinal);
}
