namespace WgNet.Cli;

/// <summary>Rows of text whose columns line up, two blanks between them.</summary>
/// <param name="header">The names of the columns; one that begins with <c>&gt;</c> has its values flush right.</param>
internal sealed class TextTable(params string[] header)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] row) => _rows.Add(row);

    /// <summary>Header and rows; nothing if there are no rows.</summary>
    public void Print(TextWriter output, Func<string, string> paintHeader)
    {
        if (_rows.Count == 0)
        {
            return;
        }

        string[] names = [.. header.Select(name => name.TrimStart('>'))];
        int[] widths = [.. names.Select((name, i) => Math.Max(name.Length, _rows.Max(row => row[i].Length)))];
        output.WriteLine(paintHeader(Line(names, widths)));
        foreach (string[] row in _rows)
        {
            output.WriteLine(Line(row, widths));
        }
    }

    private string Line(string[] cells, int[] widths) => string.Join("  ", cells.Select((cell, i) =>
        header[i].StartsWith('>') ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd();
}
