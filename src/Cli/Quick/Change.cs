namespace WgNet.Cli.Quick;

/// <summary>A line that says what goes (−) or comes (+).</summary>
internal readonly record struct Change(bool Comes, string Text)
{
    public override string ToString() => $"{(Comes ? '+' : '-')} {Text}";

    /// <summary>What goes, then what comes, each in its own order.</summary>
    public static IEnumerable<Change> Between<T>(string label, IEnumerable<T> now, IEnumerable<T> wanted)
    {
        T[] before = [.. now], after = [.. wanted];
        return before.Except(after).Select(item => new Change(Comes: false, $"{label}{item}"))
            .Concat(after.Except(before).Select(item => new Change(Comes: true, $"{label}{item}")));
    }
}
