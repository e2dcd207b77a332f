namespace WgNet.Bench;

/// <summary>All that was measured, a list of values for each contender and metric.</summary>
internal sealed class Results(IReadOnlyList<Measurement> measurements, IReadOnlyList<Contender> contenders)
{
    private readonly Dictionary<(string Contender, string Measurement, string Metric), List<double>> _values = [];

    public IReadOnlyList<Measurement> Measurements { get; } = measurements;

    public IReadOnlyList<Contender> Contenders { get; } = contenders;

    public bool HasAny => _values.Values.Any(values => values.Count > 0);

    public void Add(Contender contender, Measurement measurement, double[] values)
    {
        foreach ((Metric metric, double value) in measurement.Metrics.Zip(values))
        {
            if (double.IsFinite(value))
            {
                Of(contender, measurement, metric).Add(value);
            }
        }
    }

    public Series Get(Contender contender, Measurement measurement, Metric metric) => new(Of(contender, measurement, metric));

    private List<double> Of(Contender contender, Measurement measurement, Metric metric)
    {
        (string, string, string) key = (contender.Name, measurement.Key, metric.Name);
        if (!_values.TryGetValue(key, out List<double>? values))
        {
            _values[key] = values = [];
        }

        return values;
    }
}

/// <summary>One contender's values of one metric, a value a round.</summary>
internal sealed record Series(IReadOnlyList<double> Values)
{
    /// <summary>NaN without values.</summary>
    public double Median
    {
        get
        {
            double[] sorted = [.. Values.Order()];
            int middle = sorted.Length / 2;
            return sorted.Length == 0 ? double.NaN
                : sorted.Length % 2 == 1 ? sorted[middle]
                : (sorted[middle - 1] + sorted[middle]) / 2;
        }
    }

    /// <summary>Half the distance between the extremes, as a share of the median.</summary>
    public double Spread => Values.Count == 0 || Median == 0 ? 0 : (Values.Max() - Values.Min()) / 2 / Median;
}
