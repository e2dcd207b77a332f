using System.Globalization;
using System.Text.RegularExpressions;

namespace WgNet.Bench;

/// <summary>What there is to measure.</summary>
internal static partial class Measurements
{
    private static readonly CableSettings Usual = new(1420);
    private static readonly CableSettings Jumbo = new(8920);
    private static readonly CableSettings NoUdpSegmentation = new(1420, UdpSegmentation: false);

    private static readonly Metric Throughput = new("throughput", "Gbit/s", LowerIsBetter: false);
    private static readonly Metric CpuPerGigabyte = new("CPU", "s/GB", LowerIsBetter: true);
    private static readonly Metric MachinePerGigabyte = new("whole machine", "s/GB", LowerIsBetter: true);
    private static readonly Metric[] PerStream = [Throughput, CpuPerGigabyte, MachinePerGigabyte];

    private static readonly Metric[] PerPing = [new("p50", "µs", LowerIsBetter: true), new("p99", "µs", LowerIsBetter: true)];

    public static IReadOnlyList<Measurement> All { get; } =
    [
        new("tcp", "TCP, one stream", Usual, PerStream, trial => Tcp(trial)),
        new("tcp4", "TCP, four streams", Usual, PerStream, trial => Tcp(trial, "-P", "4")),
        new("reverse", "TCP, one stream, reverse", Usual, PerStream, trial => Tcp(trial, "-R")),
        new("udp", "UDP, 128-byte packets", Usual,
            [new("delivered", "kpps", LowerIsBetter: false), new("CPU", "µs/packet", LowerIsBetter: true)], SmallPackets),
        new("loss", "UDP, 20,000 such packets a second", Usual,
            [new("lost", "%", LowerIsBetter: true), new("CPU", "µs/packet", LowerIsBetter: true)], Loss),
        new("ping", "ping, idle", Usual, PerPing, trial => Pings(trial, 100)),
        new("pings", "ping, 500 a second", Usual, PerPing, trial => Pings(trial, 500)),
        new("load", "ping, one TCP stream beside it", Usual, [new("p50", "ms", LowerIsBetter: true)], LoadedPing),
        new("memory", "memory, peak after all that", Usual,
            [new("resident", "MB", LowerIsBetter: true), new("private", "MB", LowerIsBetter: true)], Memory),
        new("jumbo", "TCP, one stream, MTU 8920", Jumbo, PerStream, trial => Tcp(trial)),
        new("nogso", "TCP, one stream, no UDP segmentation outside", NoUdpSegmentation, PerStream, trial => Tcp(trial)),
        new("idle", "idle for a minute", Usual,
            [new("resident", "MB", LowerIsBetter: true), new("private", "MB", LowerIsBetter: true),
                new("wake-ups", "", LowerIsBetter: true), new("CPU", "ms", LowerIsBetter: true)], Idle) { IsOnRequest = true },
    ];

    private static double[] Tcp(Trial trial, params string[] options)
    {
        IperfResult result = Iperf.Run(trial, options);
        double gigabytes = result.Bytes / 1e9;
        return [result.BitsPerSecond / 1e9, result.Cpu / gigabytes, result.MachineCpu / gigabytes];
    }

    // 100 bytes and the headers of UDP and IPv4; as fast as the sender can, which is faster than any tunnel.
    private static double[] SmallPackets(Trial trial)
    {
        IperfResult result = Iperf.Run(trial, "-u", "-l", "100", "-b", "0");
        return [result.Delivered / result.Seconds / 1e3, result.Cpu / result.Delivered * 1e6];
    }

    // Less than any tunnel carries.
    private static double[] Loss(Trial trial)
    {
        IperfResult result = Iperf.Run(trial, "-u", "-l", "100", "-b", "16M");
        return [result.Lost / (result.Lost + result.Delivered) * 100, result.Cpu / result.Delivered * 1e6];
    }

    // A processor that has had nothing to do for ten milliseconds has lost more of its caches than after two.
    private static double[] Pings(Trial trial, int aSecond)
    {
        double[] times = PingTimes(trial, aSecond * trial.Seconds, (1.0 / aSecond).ToString(CultureInfo.InvariantCulture));
        return [Percentile(times, 50), Percentile(times, 99)];
    }

    private static double[] LoadedPing(Trial trial)
    {
        double[] times = [];
        Iperf.Run(trial with { Seconds = trial.Seconds + 1 }, [], () => times = PingTimes(trial, 50 * trial.Seconds, "0.02"));
        return [Percentile(times, 50) / 1e3];
    }

    private static double[] Memory(Trial trial) =>
        trial.Daemons.Count == 0 ? [double.NaN, double.NaN] : InMegabytes(trial.Daemons.Select(daemon => ProcessMemory.PeakOf(daemon.Pid)));

    private static double[] Idle(Trial trial)
    {
        if (trial.Daemons.Count == 0)
        {
            return [double.NaN, double.NaN, double.NaN, double.NaN];
        }

        // A session's last timers, and threads of a runtime's pool, end within half a minute after its last packet.
        trial.Stop.WaitHandle.WaitOne(TimeSpan.FromSeconds(30));
        ProcessTimes before = ProcessTimes.Of(trial.Daemons);
        trial.Stop.WaitHandle.WaitOne(TimeSpan.FromMinutes(1));
        trial.Stop.ThrowIfCancellationRequested();
        ProcessTimes used = ProcessTimes.Of(trial.Daemons) - before;
        int count = trial.Daemons.Count;
        return [.. InMegabytes(trial.Daemons.Select(daemon => ProcessMemory.Of(daemon.Pid))), used.WakeUps / (double)count, used.Cpu / count * 1e3];
    }

    // The larger end counts.
    private static double[] InMegabytes(IEnumerable<ProcessMemory> ends)
    {
        ProcessMemory[] all = [.. ends];
        return [all.Max(memory => memory.Resident) / 1e6, all.Max(memory => memory.Private) / 1e6];
    }

    // In microseconds.
    private static double[] PingTimes(Trial trial, int count, string interval)
    {
        CommandResult result = trial.Cable.Left.Host.TryRun(
            ["ping", "-n", "-c", count.ToString(CultureInfo.InvariantCulture), "-i", interval, "-W", "1", trial.Cable.Right.Inside],
            timeout: TimeSpan.FromMinutes(2));
        double[] times = [.. EchoTime().Matches(result.Output).Select(match => 1e3 * double.Parse(match.Groups["ms"].ValueSpan, CultureInfo.InvariantCulture))];
        return times.Length > 0 ? times : throw new InvalidOperationException(result.ToString());
    }

    private static double Percentile(double[] values, int percent) => values.Order().ElementAt(Math.Min(values.Length - 1, values.Length * percent / 100));

    [GeneratedRegex(@"time=(?<ms>[0-9.]+) ms", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex EchoTime();
}
