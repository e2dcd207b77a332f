using System.Text;

namespace WgNet.Bench;

/// <summary>The same medians and ratios as on the terminal, to be pasted into docs/performance.md.</summary>
internal static class MarkdownTable
{
    public static string Of(Results results)
    {
        var text = new StringBuilder();
        Row(text, "", results.Contenders.Select(contender => contender.Name));
        Row(text, "---", results.Contenders.Select(_ => "---:"));
        foreach (Measurement measurement in results.Measurements)
        {
            foreach (Metric metric in measurement.Metrics)
            {
                Row(
                    text,
                    $"{measurement.Title}: {metric.Name}{(metric.Unit.Length > 0 ? ", " : "")}{metric.Unit}",
                    results.Contenders.Select(contender => Table.Cell(results, contender, measurement, metric)));
            }
        }

        return text.ToString();
    }

    private static void Row(StringBuilder text, string first, IEnumerable<string> cells) =>
        text.Append("| ").Append(first).Append(" | ").AppendJoin(" | ", cells).Append(" |\n");
}
