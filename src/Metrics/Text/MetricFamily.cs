namespace WgNet.Metrics;

/// <summary>What a metric's values mean to who reads them.</summary>
internal enum MetricType
{
    /// <summary>Only grows, or begins again at 0.</summary>
    Counter,

    Gauge,

    /// <summary>Always 1: its labels say what there is to say.</summary>
    Info,
}

/// <summary>A metric and what is said of it before its samples.</summary>
/// <param name="Name">With the unit, without the suffix of its type.</param>
/// <param name="Unit">The end of the name, or null if it counts things that have no unit.</param>
/// <param name="Help">One sentence.</param>
/// <param name="Labels">Names of the labels that each of its samples has.</param>
internal sealed record MetricFamily(string Name, MetricType Type, string? Unit, string Help, params string[] Labels)
{
    /// <summary>What the samples are called.</summary>
    public string SampleName { get; } = Type switch
    {
        MetricType.Counter => Name + "_total",
        MetricType.Info => Name + "_info",
        _ => Name,
    };
}
