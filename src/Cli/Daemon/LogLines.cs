using System.Globalization;
using System.Text;

namespace WgNet.Cli.Daemon;

/// <summary>
/// Puts interface and time into log lines, the way wireguard-go writes them: <c>ERROR: (wg0) 2026/01/31 23:59:59 message</c>.
/// Each line is out before the call returns.
/// </summary>
internal sealed class LogLines(string name, TextWriter output) : TextWriter(CultureInfo.InvariantCulture)
{
    public override Encoding Encoding => output.Encoding;

    public override void WriteLine(string? value)
    {
        int colon = value?.IndexOf(": ", StringComparison.Ordinal) ?? -1;
        string level = colon < 0 ? "" : value![..(colon + 2)];
        string message = colon < 0 ? value ?? "" : value![(colon + 2)..];
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{level}({name}) {DateTime.UtcNow:yyyy/MM/dd HH:mm:ss} {message}"));
        output.Flush();
    }
}
