using System.Globalization;
using System.Text;

namespace WgNet.Uapi;

/// <summary>A configuration file that was refused: where, and what would be right, in one line without secrets.</summary>
public sealed class ConfigurationFileException : Exception
{
    private const int ShownLength = 100;

    /// <param name="line">Counted from 1; 0 if the file as a whole is meant.</param>
    /// <param name="key">Null if the line has none.</param>
    /// <param name="value">Null where it is or could be a secret.</param>
    /// <param name="expected">What would be right, or null if that is obvious.</param>
    public ConfigurationFileException(string file, int line, string? key, string? value, string reason, string? expected)
        : base(Format(file, line, key, value, reason, expected))
    {
        File = file;
        Line = line;
        Key = key;
        Value = value;
        Reason = reason;
        Expected = expected;
    }

    public string File { get; }

    public int Line { get; }

    public string? Key { get; }

    public string? Value { get; }

    public string Reason { get; }

    public string? Expected { get; }

    private static string Format(string file, int line, string? key, string? value, string reason, string? expected)
    {
        var text = new StringBuilder(Printable(file, int.MaxValue));
        _ = line > 0 ? text.Append(CultureInfo.InvariantCulture, $":{line}: ") : text.Append(": ");
        if (key is not null)
        {
            _ = text.Append(CultureInfo.InvariantCulture, $"{Printable(key)} = {(value is null ? "(hidden)" : Printable(value))}: ");
        }

        _ = text.Append(reason);
        return (expected is null ? text : text.Append("; expected ").Append(expected)).ToString();
    }

    /// <summary>What somebody else wrote, fit for a terminal.</summary>
    internal static string Printable(string text, int length = ShownLength)
    {
        string shown = text.Length > length ? text[..length] + "..." : text;
        return string.Create(shown.Length, shown, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) || char.IsSurrogate(source[i]) ? '?' : source[i];
            }
        });
    }
}
