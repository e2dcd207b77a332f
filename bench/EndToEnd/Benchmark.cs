using System.Globalization;

namespace WgNet.Bench;

/// <summary>
/// Interleaved rounds: each contender takes every measurement once before the next round begins. Each round begins with another one, for
/// the first of a round was seen to be up to a tenth slower than the same program as second.
/// </summary>
internal static class Benchmark
{
    // The load average of the last minute above which figures are not worth much.
    private const double QuietLoad = 0.5;

    // Load before the first measurement, unmeasured: a tunnel's first second is not like the others, whoever makes it.
    private const int WarmUpSeconds = 2;

    // As a shell says of a program that Ctrl-C ended.
    private const int Interrupted = 130;

    private static readonly string Root = RepositoryRoot();

    /// <summary>The executable that build.sh makes.</summary>
    public static string WgNet { get; } = Path.Combine(Root, "artifacts", "wgnet");

    public static int Run(BenchOptions options)
    {
        List<Contender> contenders = [];
        foreach (string name in options.Against.Prepend("wgnet").Distinct(StringComparer.Ordinal))
        {
            var contender = Contender.Parse(name, Unused(Path.GetFileName(name), contenders), WgNet, Path.Combine(Root, "artifacts/bench/limit"));
            if (contender.Obstacle is { } obstacle)
            {
                Console.Error.WriteLine($"bench: left out: {name}: {obstacle}");
            }
            else
            {
                contenders.Add(contender);
            }
        }

        WarnIfBusy();
        Measurement[] wanted = [.. Measurements.All.Where(m => options.Only.Count == 0 ? !m.IsOnRequest : options.Only.Contains(m.Key, StringComparer.Ordinal))];
        var results = new Results(wanted, contenders);
        using var interruption = new Interruption();
        foreach (var (round, contender, group) in
            from round in Enumerable.Range(1, options.Rounds)
            from contender in Rotated(contenders, round - 1)
            from groupOfCable in wanted.GroupBy(measurement => measurement.Cable)
            select (round, contender, groupOfCable))
        {
            string where = string.Create(CultureInfo.InvariantCulture, $"round {round}/{options.Rounds}  {contender.Name}");
            Take(contender, group, options.Seconds, results, where, interruption.Token);
            if (interruption.Token.IsCancellationRequested)
            {
                Console.Error.WriteLine("bench: interrupted");
                return Interrupted;
            }
        }

        if (!results.HasAny)
        {
            Console.Error.WriteLine("bench: nothing was measured");
            return 1;
        }

        Console.Error.WriteLine();
        Table.Print(results, Console.Out);
        Console.WriteLine(Report.Write(results, options, Path.Combine(Root, options.Output)));
        return 0;
    }

    private static IEnumerable<Contender> Rotated(List<Contender> contenders, int by) =>
        Enumerable.Range(by, contenders.Count).Select(i => contenders[i % contenders.Count]);

    // A contender that fails once is out of that measurement's round; the others go on.
    private static void Take(Contender contender, IGrouping<CableSettings, Measurement> measurements, int seconds, Results results, string where, CancellationToken stop)
    {
        try
        {
            using var cable = new Cable(measurements.Key);
            var trial = new Trial(cable, contender.Start(cable), seconds, stop);
            cable.Up();
            Iperf.Run(trial with { Seconds = WarmUpSeconds }, []);
            foreach (Measurement measurement in measurements.TakeWhile(_ => !stop.IsCancellationRequested))
            {
                double[] values = measurement.Take(trial);
                results.Add(contender, measurement, values);
                string shown = string.Join(", ", measurement.Metrics.Zip(values, (metric, value) => $"{Table.Number(value)} {metric.Unit}"));
                Console.Error.WriteLine($"{where,-30} {measurement.Title,-46} {shown}");
            }
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // Ctrl-C reaches the programs under measurement too, and what waits for them fails.
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException or System.Text.Json.JsonException or IOException)
        {
            Console.Error.WriteLine($"{where}: failed: {e.Message}");
        }
    }

    // Two builds of one program have one file name.
    private static string Unused(string name, List<Contender> others)
    {
        string unused = name;
        for (int n = 2; others.Exists(other => other.Name == unused); n++)
        {
            unused = string.Create(CultureInfo.InvariantCulture, $"{name} {n}");
        }

        return unused;
    }

    private static void WarnIfBusy()
    {
        double load = double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
        if (load > QuietLoad)
        {
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"bench: the machine is busy (load {load:0.0}): figures will be lower than they could be, and differ more"));
        }
    }

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "WgNet.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException($"no WgNet.sln above {AppContext.BaseDirectory}");
    }
}
