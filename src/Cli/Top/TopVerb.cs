using System.Diagnostics;
using WgNet.Cli.Show;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Uapi;

namespace WgNet.Cli.Top;

/// <summary><c>wgnet top</c>: who sends how much, live in the terminal, or once as a table.</summary>
internal static class TopVerb
{
    public static readonly Verb Verb = new(
        "top", "[--once] [<interface>]",
        "Shows peers with their traffic a second, live; with --once, or where the output is no terminal, a table after one second",
        "wgnet top wg0", Run);

    // Where nobody reads it in columns: whole keys and endpoints.
    private const int FreeWidth = 144;

    private static readonly TimeSpan OnceInterval = TimeSpan.FromSeconds(1);

    private static int Run(string[] args, Streams streams)
    {
        bool once = args.Contains("--once", StringComparer.Ordinal);
        string[] names = [.. args.Where(arg => arg != "--once")];
        if (Array.Find(names, name => name.StartsWith('-')) is { } option)
        {
            throw new UsageException($"`{option}' is not an option");
        }

        if (names.Length > 1)
        {
            throw new UsageException($"`{names[1]}' was not expected");
        }

        if (names is [string name])
        {
            InterfaceName.Check(name);
        }

        var sampler = new TopSampler();
        bool isTerminal = !Console.IsOutputRedirected;
        bool colours = isTerminal && Environment.GetEnvironmentVariable("WG_COLOR_MODE") != "never";
        if (isTerminal && !Console.IsInputRedirected && !once)
        {
            // What cannot be shown at all is said before the screen changes.
            _ = TakeSample(names, sampler);
            using var live = new LiveTop(() => TakeSample(names, sampler), streams.Out, colours);
            live.Run();
            return 0;
        }

        _ = TakeSample(names, sampler);
        Thread.Sleep(OnceInterval);
        TopSample sample = TakeSample(names, sampler);
        int width = isTerminal ? Console.WindowWidth : FreeWidth;
        IEnumerable<TopRow> rows = new TopOrder(TopColumn.Received, IsReversed: false).Sort(sample.Rows);
        streams.Out.WriteLine(new TopTable(sample, rows, width).Render(colours));
        return 0;
    }

    // One of all that ended just now must not hide the others.
    private static TopSample TakeSample(string[] names, TopSampler sampler)
    {
        List<(string Name, DeviceSnapshot Snapshot)> devices = [];
        UapiException? problem = null;
        try
        {
            foreach (string name in names.Length > 0 ? names : RunningInterfaces.Names())
            {
                try
                {
                    devices.Add((name, UapiClient.Get(name)));
                }
                catch (UapiException exception)
                {
                    problem = exception;
                }
            }

            return devices.Count > 0
                ? sampler.Next(devices, Stopwatch.GetTimestamp(), Clock.WallTime / 1_000_000_000)
                : throw (problem is null ? new CommandException("no WireGuard interface is running") : RunningInterfaces.Unreachable(problem));
        }
        finally
        {
            foreach ((string name, DeviceSnapshot snapshot) in devices)
            {
                new DeviceView(name, snapshot, publicKey: null).Dispose();
            }
        }
    }
}
