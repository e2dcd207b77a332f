using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using WgNet.Bench.Charts;

namespace WgNet.Bench;

/// <summary>results.json: what was measured, where and how; beside it the table as Markdown, and the charts.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes the files; returns a line that says where.</summary>
    public static string Write(Results results, BenchOptions options, string folder)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, "results.json");
        var report = new
        {
            date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            machine = new { processor = Processor(), cores = Environment.ProcessorCount, kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim() },
            rounds = options.Rounds,
            seconds = options.Seconds,
            results =
                from measurement in results.Measurements
                from metric in measurement.Metrics
                from contender in results.Contenders
                let series = results.Get(contender, measurement, metric)
                where series.Values.Count > 0
                select new
                {
                    measurement = measurement.Key,
                    title = measurement.Title,
                    metric = metric.Name,
                    unit = metric.Unit,
                    lowerIsBetter = metric.LowerIsBetter,
                    contender = contender.Name,
                    median = series.Median,
                    values = series.Values,
                },
        };
        File.WriteAllText(path, JsonSerializer.Serialize(report, Indented) + "\n");
        File.WriteAllText(Path.Combine(folder, "results.md"), MarkdownTable.Of(results));
        foreach (Chart chart in ChartBook.Of(results))
        {
            SvgChart.Draw(chart).Save(Path.Combine(folder, chart.Name + ".svg"));
        }

        return path;
    }

    private static string Processor() => File.ReadLines("/proc/cpuinfo")
        .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
}
