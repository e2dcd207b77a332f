using System.Text;

namespace WgNet.Cli.Top;

/// <summary>
/// The terminal's second screen, as long as it is open: what was on the first one comes back when it is closed. Thread-safe.
/// Sequences are those of ECMA-48 and xterm, which every terminal of today knows.
/// </summary>
internal sealed class TopScreen(TextWriter output) : IDisposable
{
    // The second screen, no cursor, and lines that are too long cut instead of continued.
    private const string Begin = "\e[?1049h\e[?25l\e[?7l";

    // And the keypad as it was, which the runtime changes to read arrows.
    private const string End = "\e[?7h\e[?25h\e[?1049l\e[?1l\e>";

    private readonly Lock _lock = new();
    private bool _isOpen;

    public void Open()
    {
        lock (_lock)
        {
            if (!_isOpen)
            {
                _isOpen = true;
                Write(Begin);
            }
        }
    }

    /// <summary>
    /// Draws a frame, unless it is closed, in one piece, so that nothing flickers. A line is erased before it is written: after one as
    /// wide as the screen the cursor stands on its last character, which would go, too.
    /// </summary>
    public void Draw(IReadOnlyList<string> lines)
    {
        var frame = new StringBuilder("\e[H");
        for (int i = 0; i < lines.Count; i++)
        {
            _ = frame.Append(i < lines.Count - 1 ? "\e[K" : "\e[J").Append(lines[i]).Append(i < lines.Count - 1 ? "\r\n" : "");
        }

        lock (_lock)
        {
            if (_isOpen)
            {
                Write(frame.ToString());
            }
        }
    }

    public void Close()
    {
        lock (_lock)
        {
            if (_isOpen)
            {
                _isOpen = false;
                Write(End);
            }
        }
    }

    public void Dispose() => Close();

    private void Write(string text)
    {
        output.Write(text);
        output.Flush();
    }
}
