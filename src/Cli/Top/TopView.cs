using WgNet.Protocol;

namespace WgNet.Cli.Top;

/// <summary>What the user has chosen, and the frames that follow from it. Pure.</summary>
internal sealed class TopView(bool colours)
{
    private const string Keys = "p peer  r received  s sent  h handshake  l learned  d drops  j/k scroll  q quit";

    // Head line, titles, totals, keys.
    private const int OtherLines = 4;

    private TopOrder _order = new(TopColumn.Received, IsReversed: false);
    private int _first;

    /// <summary>A key was pressed. False if it is the one that ends.</summary>
    public bool Press(ConsoleKeyInfo key)
    {
        char letter = char.ToLowerInvariant(key.KeyChar);
        switch (letter, key.Key)
        {
            case ('q', _):
                return false;
            case ('j', _) or (_, ConsoleKey.DownArrow):
                _first++;
                break;
            case ('k', _) or (_, ConsoleKey.UpArrow):
                _first--;
                break;
            default:
                if (Array.Find(TopOrder.Keys, entry => entry.Key == letter) is { Key: not '\0' } chosen)
                {
                    _order = _order.Choose(chosen.Column);
                    _first = 0;
                }

                break;
        }

        return true;
    }

    /// <summary>Lines for a screen, as many as it has; where it has too few, the last are left out.</summary>
    public List<string> Frame(TopSample sample, int width, int height)
    {
        int shown = Math.Max(0, height - OtherLines);
        _first = Math.Clamp(_first, 0, Math.Max(0, sample.Rows.Count - shown));
        TopRow[] rows = [.. _order.Sort(sample.Rows).Skip(_first).Take(shown)];
        List<string> lines = [Head(sample, rows.Length, width), .. new TopTable(sample, rows, width).Render(colours).Split('\n')];
        while (lines.Count < height - 1)
        {
            lines.Add("");
        }

        lines.Add(TopTable.Shorten(Keys, Math.Max(1, width)));
        return lines[..Math.Min(lines.Count, Math.Max(1, height))];
    }

    private string Head(TopSample sample, int shown, int width)
    {
        int live = sample.Rows.Count(row => row.HandshakeAge <= Constants.RejectAfterTime / Constants.Second);
        string part = shown < sample.Rows.Count ? $", {_first + 1}-{_first + shown} shown" : "";
        string text = $"{string.Join(' ', sample.Interfaces)}: {live} of {sample.Rows.Count} peers with live keys{part}, {_order}; {TopTable.Count(sample.OtherDrops)} drops of no peer";
        return TopTable.Shorten(text, Math.Max(1, width));
    }
}
