using System.Text;

namespace WgNet.Metrics;

/// <summary>
/// Labels as both formats write them between the braces: <c>name="value",name="value"</c>, with backslash, quote and line feed
/// escaped. Made once and written with many samples.
/// </summary>
internal static class Labels
{
    public static byte[] Of(params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var text = new StringBuilder();
        foreach ((string name, string value) in labels)
        {
            _ = text.Append(text.Length > 0 ? "," : "").Append(name).Append("=\"").Append(Escape(value)).Append('"');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string Escape(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);
}
