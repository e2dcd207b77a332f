using System.Globalization;
using System.Text;

namespace WgNet.EndToEnd.Harness;

/// <summary>
/// One wrong input, as it stands in a table of tests/EndToEnd/Errors: a title, perhaps a configuration file, a command for the
/// shell, what it writes to standard error, and its exit code.
/// <code>
///   == a misspelt key
///   [Peer]
///   AlowedIPs = 10.0.0.0/8
///   $ wgnet up {conf}
///   wgnet: {conf}:2: AlowedIPs = (hidden): unknown key in [Peer]; expected AllowedIPs
///   exit 1
/// </code>
/// Words in braces are <see cref="ErrorLab"/>'s; <c>\xNN</c> in a file is that byte.
/// </summary>
/// <param name="File">Null if the case has none.</param>
public sealed record ErrorCase(string Table, string Title, byte[]? File, string Command, string Error, int ExitCode)
{
    public static IReadOnlyList<ErrorCase> All { get; } =
    [
        .. Directory.GetFiles(Path.Combine(Programs.Repository, "tests/EndToEnd/Errors"), "*.txt")
            .Order(StringComparer.Ordinal)
            .SelectMany(path => Read(Path.GetFileNameWithoutExtension(path), System.IO.File.ReadAllLines(path))),
    ];

    private static IEnumerable<ErrorCase> Read(string table, string[] lines)
    {
        const string TitleMark = "== ", CommandMark = "$ ", ExitMark = "exit ";
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(TitleMark, StringComparison.Ordinal))
            {
                continue;
            }

            string title = lines[i][TitleMark.Length..];
            string[] file = [.. lines.Skip(i + 1).TakeWhile(line => !line.StartsWith(CommandMark, StringComparison.Ordinal))];
            int command = i + 1 + file.Length;
            string[] error = [.. lines.Skip(command + 1).TakeWhile(line => !line.StartsWith(ExitMark, StringComparison.Ordinal))];
            i = command + 1 + error.Length;
            yield return new ErrorCase(
                table, title, file.Length == 0 ? null : Bytes(file), lines[command][CommandMark.Length..],
                string.Concat(error.Select(line => line + "\n")), int.Parse(lines[i][ExitMark.Length..], CultureInfo.InvariantCulture));
        }
    }

    // Placeholders are filled in later, and hold no escapes.
    private static byte[] Bytes(string[] lines)
    {
        List<byte> bytes = [];
        string text = string.Concat(lines.Select(line => line + "\n"));
        for (int i = 0; i < text.Length; i++)
        {
            if (text.AsSpan(i).StartsWith("\\x", StringComparison.Ordinal))
            {
                bytes.Add(Convert.ToByte(text.Substring(i + 2, 2), 16));
                i += 3;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text, i, 1));
            }
        }

        return [.. bytes];
    }
}
