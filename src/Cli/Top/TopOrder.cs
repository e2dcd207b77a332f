namespace WgNet.Cli.Top;

/// <summary>By what peers are sorted.</summary>
internal enum TopColumn
{
    Peer,
    Received,
    Sent,
    Handshake,
    Learned,
    Drops,
}

/// <summary>An order of peers: the most, or the latest, first, unless it is reversed.</summary>
internal readonly record struct TopOrder(TopColumn Column, bool IsReversed)
{
    /// <summary>The keys that choose a column.</summary>
    public static readonly (char Key, TopColumn Column)[] Keys =
    [
        ('p', TopColumn.Peer), ('r', TopColumn.Received), ('s', TopColumn.Sent), ('h', TopColumn.Handshake), ('l', TopColumn.Learned),
        ('d', TopColumn.Drops),
    ];

    /// <summary>For the head line.</summary>
    public override string ToString() => $"by {Column.ToString().ToLowerInvariant()}{(IsReversed ? ", reversed" : "")}";

    /// <summary>The column's own order, or the other way round where it is in force already.</summary>
    public TopOrder Choose(TopColumn column) => new(column, column == Column && !IsReversed);

    /// <summary>Equal ones by their keys, so that no line jumps for nothing.</summary>
    public List<TopRow> Sort(IEnumerable<TopRow> rows)
    {
        IOrderedEnumerable<TopRow> ordered = Column switch
        {
            TopColumn.Received => rows.OrderByDescending(row => row.ReceivedRate),
            TopColumn.Sent => rows.OrderByDescending(row => row.SentRate),
            TopColumn.Handshake => rows.OrderBy(row => row.HandshakeAge ?? long.MaxValue),
            TopColumn.Learned => rows.OrderByDescending(row => row.Learned),
            TopColumn.Drops => rows.OrderByDescending(row => row.Drops),
            _ => rows.OrderBy(_ => 0),
        };
        List<TopRow> sorted = [.. ordered.ThenBy(row => row.Peer, StringComparer.Ordinal).ThenBy(row => row.Interface, StringComparer.Ordinal)];
        if (IsReversed)
        {
            sorted.Reverse();
        }

        return sorted;
    }
}
