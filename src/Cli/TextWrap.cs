using System.Text.RegularExpressions;

namespace WgNet.Cli;

/// <summary>Text for a terminal of 80 columns.</summary>
internal static partial class TextWrap
{
    public const int Width = 80;

    /// <summary>Breaks a line at blanks, but inside of &lt;a name&gt; never and of [an option] only if it is too long for a line.</summary>
    /// <param name="indent">Blanks before each line but the first.</param>
    /// <param name="taken">Columns that are taken already where the first line begins.</param>
    public static string Wrap(string text, int indent, int taken = 0)
    {
        List<string> lines = [""];
        foreach (string piece in Piece().Matches(text).SelectMany(match => match.Length > Width - indent ? match.Value.Split(' ') : [match.Value]))
        {
            if (lines[^1].Length == 0)
            {
                lines[^1] = piece;
            }
            else if ((lines.Count > 1 ? indent : taken) + lines[^1].Length + 1 + piece.Length <= Width)
            {
                lines[^1] += " " + piece;
            }
            else
            {
                lines.Add(piece);
            }
        }

        return string.Join("\n" + new string(' ', indent), lines);
    }

    /// <summary>Breaks the lines that are too long and leaves the others as they are.</summary>
    public static string Lines(string text) => string.Join('\n', text.Split('\n').Select(line => line.Length > Width ? Wrap(line, indent: 0) : line));

    [GeneratedRegex(@"\[[^\[\]]*\]\S*|(<[^>]*>|\S)+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Piece();
}
