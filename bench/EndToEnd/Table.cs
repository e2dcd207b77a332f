using System.Globalization;

namespace WgNet.Bench;

/// <summary>
/// The medians beside each other. Behind an opponent's figure stands what WgNet's is of it: above 1 is more, below 1 is less.
/// </summary>
internal static class Table
{
    private const int TitleWidth = 46, MetricWidth = 22, CellWidth = 24;

    public static void Print(Results results, TextWriter output)
    {
        output.WriteLine("".PadRight(TitleWidth + MetricWidth) + string.Concat(results.Contenders.Select(c => c.Name.PadLeft(CellWidth))));
        foreach (Measurement measurement in results.Measurements)
        {
            string title = measurement.Title;
            foreach (Metric metric in measurement.Metrics)
            {
                output.Write(title.PadRight(TitleWidth) + $"{metric.Name} {metric.Unit}".PadRight(MetricWidth));
                output.WriteLine(string.Concat(results.Contenders.Select(c => Cell(results, c, measurement, metric).PadLeft(CellWidth))));
                title = "";
            }
        }
    }

    /// <summary>Three significant digits.</summary>
    public static string Number(double value) => value switch
    {
        double.NaN => "-",
        0 => "0",
        _ => value.ToString(Math.Abs(value) >= 100 ? "0" : Math.Abs(value) >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture),
    };

    /// <summary>Median, spread and ratio: <c>0.67 ±1% (9.27×)</c>.</summary>
    public static string Cell(Results results, Contender contender, Measurement measurement, Metric metric)
    {
        Series series = results.Get(contender, measurement, metric);
        double own = results.Get(results.Contenders[0], measurement, metric).Median;
        string text = series.Values.Count == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{Number(series.Median)} ±{series.Spread:0%}");
        bool hasRatio = contender != results.Contenders[0] && series.Values.Count > 0 && series.Median > 0 && double.IsFinite(own);
        return text + (hasRatio ? string.Create(CultureInfo.InvariantCulture, $" ({own / series.Median:0.00}×)") : "");
    }
}
