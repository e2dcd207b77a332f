using System.Globalization;

namespace WgNet.Metrics;

/// <summary>Which format a scraper likes best (RFC 9110, section 12.5.1).</summary>
internal static class AcceptHeader
{
    private const string OpenMetricsType = "application/openmetrics-text";

    /// <summary>OpenMetrics only where it is asked for by name, in a version that is served, and plain text is not liked better.</summary>
    /// <param name="accept">The header's value; several are joined by commas. Any bytes at all.</param>
    public static MetricsFormat Choose(ReadOnlySpan<char> accept)
    {
        double openMetrics = 0, plain = 0;
        foreach (Range range in accept.Split(','))
        {
            ReadOnlySpan<char> item = accept[range];
            (ReadOnlySpan<char> type, double weight, ReadOnlySpan<char> version) = Parse(item);
            if (type.Equals(OpenMetricsType, StringComparison.OrdinalIgnoreCase) && (version.IsEmpty || version is "1.0.0"))
            {
                openMetrics = Math.Max(openMetrics, weight);
            }
            else if (type.Equals("text/plain", StringComparison.OrdinalIgnoreCase) && (version.IsEmpty || version is "0.0.4"))
            {
                plain = Math.Max(plain, weight);
            }
        }

        return openMetrics > 0 && openMetrics >= plain ? MetricsFormat.OpenMetrics : MetricsFormat.Plain;
    }

    // type/subtype;version=1.0.0;q=0.5
    private static MediaRange Parse(ReadOnlySpan<char> item)
    {
        int end = item.IndexOf(';');
        ReadOnlySpan<char> parameters = end < 0 ? [] : item[(end + 1)..];
        var range = new MediaRange { Type = (end < 0 ? item : item[..end]).Trim(), Weight = 1 };
        foreach (Range place in parameters.Split(';'))
        {
            ReadOnlySpan<char> parameter = parameters[place].Trim();
            if (parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase))
            {
                range.Weight = double.TryParse(parameter[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double q) && q <= 1 ? q : 0;
            }
            else if (parameter.StartsWith("version=", StringComparison.OrdinalIgnoreCase))
            {
                range.Version = parameter["version=".Length..].Trim('"');
            }
        }

        return range;
    }

    private ref struct MediaRange
    {
        public ReadOnlySpan<char> Type;
        public double Weight;
        public ReadOnlySpan<char> Version;

        public readonly void Deconstruct(out ReadOnlySpan<char> type, out double weight, out ReadOnlySpan<char> version)
        {
            type = Type;
            weight = Weight;
            version = Version;
        }
    }
}
