using System.Globalization;

namespace WgNet.Cli.Show;

/// <summary>Bytes and times in wg(8)'s words.</summary>
internal static class HumanUnits
{
    private static readonly (long Seconds, string Name)[] TimeUnits =
        [(365 * 86400L, "year"), (86400L, "day"), (3600L, "hour"), (60L, "minute"), (1L, "second")];

    private static readonly string[] ByteUnits = ["KiB", "MiB", "GiB", "TiB"];

    /// <summary><c>1.21 KiB</c>; whole bytes below 1024; TiB is the largest unit.</summary>
    public static string Bytes(long bytes, Paint paint)
    {
        if (bytes < 1024)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{bytes} {paint.Cyan("B")}");
        }

        double value = bytes / 1024.0;
        int unit = 0;
        while (value >= 1024 && unit < ByteUnits.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value:F2} {paint.Cyan(ByteUnits[unit])}");
    }

    /// <summary><c>999 B</c>, <c>1.2 KiB</c>, <c>1023 KiB</c>: at most eight characters, for lists.</summary>
    public static string ShortBytes(double bytes)
    {
        int unit = -1;

        // What would be rounded up to 1024 is one of the next unit.
        while (bytes >= 1023.5 && unit < ByteUnits.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        string name = unit < 0 ? "B" : ByteUnits[unit];
        return unit < 0 || bytes >= 99.95
            ? string.Create(CultureInfo.InvariantCulture, $"{Math.Min(bytes, 9999):F0} {name}")
            : string.Create(CultureInfo.InvariantCulture, $"{bytes:F1} {name}");
    }

    /// <summary><c>1 hour, 2 minutes, 5 seconds</c>; empty for 0.</summary>
    public static string Duration(long seconds, Paint paint)
    {
        List<string> parts = [];
        foreach ((long length, string name) in TimeUnits)
        {
            long count = seconds / length;
            seconds %= length;
            if (count > 0)
            {
                parts.Add($"{count} {paint.Cyan(count == 1 ? name : name + "s")}");
            }
        }

        return string.Join(", ", parts);
    }

    /// <param name="then">Seconds since 1970-01-01 UTC, as is <paramref name="now"/>.</param>
    public static string Ago(long then, long now, Paint paint) => (now - then) switch
    {
        0 => "Now",
        < 0 => $"({paint.Red("System clock wound backward; connection problems may ensue.")})",
        long elapsed => Duration(elapsed, paint) + " ago",
    };

    /// <summary><c>12 s</c>, <c>3 min</c>, <c>5 h</c>, <c>2 d</c>: the largest unit alone, for lists.</summary>
    public static string ShortDuration(long seconds) => seconds switch
    {
        < 60 => $"{seconds} s",
        < 3600 => $"{seconds / 60} min",
        < 86400 => $"{seconds / 3600} h",
        _ => $"{seconds / 86400} d",
    };
}
