namespace WgNet.Bench.Charts;

/// <summary>Which charts there are, and what of the results goes on each.</summary>
internal static class ChartBook
{
    private static readonly string[] Tcp = ["tcp", "tcp4", "reverse", "jumbo", "nogso"];

    private static readonly Outline[] Outlines =
    [
        new("throughput", "TCP through the tunnel", Tcp, ["throughput"]),
        new("cpu", "Processor time for a gigabyte, both ends together", Tcp, ["CPU"]),
        new("small-packets", "Small UDP packets, more offered than can be carried", ["udp"], ["delivered", "CPU"]),
        new("latency", "Round trips", ["ping", "load"], ["p50", "p99"]),
        new("memory", "Memory of one end", ["idle", "memory"], ["resident", "private"]),
    ];

    /// <summary>Those for which something was measured.</summary>
    public static IEnumerable<Chart> Of(Results results) =>
        from outline in Outlines
        let panels = Panels(results, outline)
        where panels.Length > 0
        select new Chart(outline.Name, outline.Title, panels);

    private static Panel[] Panels(Results results, Outline outline) =>
    [
        .. from measurement in results.Measurements
           where outline.Measurements.Contains(measurement.Key, StringComparer.Ordinal)
           from metric in measurement.Metrics
           where outline.Metrics.Contains(metric.Name, StringComparer.Ordinal)
           let bars = Bars(results, measurement, metric)
           where bars.Length > 0
           select new Panel(measurement.Title, metric, bars),
    ];

    private static Bar[] Bars(Results results, Measurement measurement, Metric metric) =>
    [
        .. from contender in results.Contenders
           let series = results.Get(contender, measurement, metric)
           where series.Values.Count > 0
           select new Bar(contender.Name, series.Median, series.Values.Min(), series.Values.Max()),
    ];

    /// <param name="Measurements">Their keys.</param>
    /// <param name="Metrics">Their names.</param>
    private sealed record Outline(string Name, string Title, string[] Measurements, string[] Metrics);
}
