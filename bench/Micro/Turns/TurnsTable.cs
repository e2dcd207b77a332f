using System.Globalization;

namespace WgNet.Micro.Turns;

/// <summary>The contenders beside each other: medians, quartiles, and behind an opponent what the first one's median is of its.</summary>
internal static class TurnsTable
{
    private const int TitleWidth = 20, ArrangementWidth = 28, CellWidth = 30;

    public static void Print(IReadOnlyList<string> contenders, IEnumerable<TurnsRow> rows, TextWriter output)
    {
        output.WriteLine("".PadRight(TitleWidth + ArrangementWidth) + string.Concat(contenders.Select(name => name.PadLeft(CellWidth))));
        foreach (TurnsRow row in rows)
        {
            string title = string.Create(CultureInfo.InvariantCulture, $"{row.Kind}, {row.Addresses:N0}");
            output.WriteLine(
                title.PadRight(TitleWidth) + row.Arrangement.PadRight(ArrangementWidth)
                + string.Concat(row.Nanoseconds.Select(time => Cell(time, row.Nanoseconds[0]).PadLeft(CellWidth))));
        }
    }

    // 46.2 [41.7, 52.9] (0.69×)
    private static string Cell(Quartiles time, Quartiles own)
    {
        string ratio = ReferenceEquals(time, own) ? "" : string.Create(CultureInfo.InvariantCulture, $" ({own.Median / time.Median:0.00}×)");
        return string.Create(CultureInfo.InvariantCulture, $"{time.Median:0.0} [{time.Lower:0.0}, {time.Upper:0.0}]") + ratio;
    }
}
