namespace WgNet.Metrics;

/// <summary>The two text formats that scrapers ask for.</summary>
internal enum MetricsFormat
{
    /// <summary>Prometheus's text format 0.0.4, which everything understands.</summary>
    Plain,

    /// <summary>OpenMetrics 1.0 (prometheus.io/docs/specs/om/open_metrics_spec).</summary>
    OpenMetrics,
}

internal static class MetricsFormats
{
    public static string ContentType(this MetricsFormat format) => format == MetricsFormat.OpenMetrics
        ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8";
}
