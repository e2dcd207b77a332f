using System.Globalization;
using System.Text.RegularExpressions;

namespace WgNet.Bench;

/// <summary>
/// Where the processor's time goes at both ends while one TCP stream runs, by perf(1). The runtime names what it compiles, so
/// everything is compiled at run time here, and memory that is executable stays writable: neither changes the steady state.
/// </summary>
internal static partial class Profile
{
    private const int Shown = 30;

    private static readonly string[] Environment = ["DOTNET_PerfMapEnabled=1", "DOTNET_ReadyToRun=0", "DOTNET_EnableWriteXorExecute=0"];

    // The first that matches a symbol, or the file that it is in, names its group.
    private static readonly (string Pattern, string Group)[] Groups =
    [
        (@"kernel.* _?(_?raw_)?copy_|kernel.* (csum_and_copy|rep_movs|memcpy|clear_page|skb_copy)", "kernel: copying"),
        (@"kernel.* (finish_task_switch|schedule|__schedule|try_to_wake|ep_|do_sys_poll|do_poll|_raw_spin|irqentry|exit_to_user)", "kernel: sleeping and waking"),
        (@"kernel", "kernel: the rest"),
        (@"ChaCha20|Poly1305|Aead", "AEAD"),
        (@"WgNet\.Protocol\]", "protocol: keypairs, window, timers"),
        (@"Checksum::", "inner checksums, fused with copying"),
        (@"Segmenter", "segmentation"),
        (@"Coalescer|HeldPacket|PacketHeaders", "coalescing"),
        (@"WgNet\.(Tun|Udp|Linux)\]", "TUN, UDP and system call glue"),
        (@"WgNet\.(Device|Routing|Learning)\]", "workers, lookups"),
        (@"", "runtime and libraries"),
    ];

    public static int Run(string wgnet, int seconds)
    {
        using var cable = new Cable(new CableSettings(1420));
        IReadOnlyList<Daemon> daemons = new UserspaceContender("wgnet", wgnet, Environment).Start(cable);
        cable.Up();
        var trial = new Trial(cable, daemons, seconds + 3);
        string data = Path.GetTempFileName();
        string report = "";
        try
        {
            Iperf.Run(trial, [], () =>
            {
                // By then the runtime has compiled the hot code for good.
                Thread.Sleep(2000);
                string pids = string.Join(',', daemons.Select(daemon => daemon.Pid.ToString(CultureInfo.InvariantCulture)));
                Command.Run("perf", "record", "-q", "-F", "1999", "-o", data, "-p", pids, "--", "sleep", seconds.ToString(CultureInfo.InvariantCulture));
                report = Command.Run("perf", "report", "-i", data, "--stdio", "-g", "none", "--sort", "dso,symbol", "-w", "60,200");
            });
        }
        finally
        {
            File.Delete(data);
        }

        Print(Parse(report));
        return 0;
    }

    // Both ends run the same code: what only the process tells apart is one symbol.
    private static (double Share, string Symbol)[] Parse(string report) =>
        [.. Line().Matches(report)
            .GroupBy(
                match => Process().Replace(Blanks().Replace(match.Groups["symbol"].Value, " "), "").Trim(),
                match => double.Parse(match.Groups["share"].ValueSpan, CultureInfo.InvariantCulture),
                StringComparer.Ordinal)
            .Select(same => (same.Sum(), same.Key))];

    private static void Print((double Share, string Symbol)[] symbols)
    {
        foreach (var group in symbols.GroupBy(symbol => GroupOf(symbol.Symbol), StringComparer.Ordinal).OrderByDescending(group => group.Sum(symbol => symbol.Share)))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{group.Sum(symbol => symbol.Share),5:0.0} %  {group.Key}"));
        }

        Console.WriteLine();
        foreach ((double share, string symbol) in symbols.OrderByDescending(symbol => symbol.Share).Take(Shown))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{share,5:0.0} %  {symbol}"));
        }
    }

    private static string GroupOf(string symbol) =>
        Groups.First(group => Regex.IsMatch(symbol, group.Pattern, RegexOptions.None, TimeSpan.FromSeconds(1))).Group;

    [GeneratedRegex(@"^\s+(?<share>[0-9.]+)%\s+(?<symbol>.*)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Line();

    [GeneratedRegex(@"^\[JIT\] tid \d+ \[\.\] |( -)+ ?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Process();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Blanks();
}
