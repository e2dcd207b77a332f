namespace WgNet.Cli.Completion;

/// <summary>A piece of a usage line.</summary>
internal abstract record UsageNode;

/// <summary>One word: it stands for itself, or, with a <c>&lt;name&gt;</c> in it, for whatever the user puts there.</summary>
internal sealed record UsageWord(string Text) : UsageNode
{
    public bool IsPlaceholder => Text.Contains('<', StringComparison.Ordinal);

    public bool IsOption => Text is ['-', _, ..] && !IsPlaceholder;
}

/// <summary>Pieces in a row.</summary>
internal sealed record UsageSequence(IReadOnlyList<UsageNode> Items) : UsageNode;

/// <summary><c>a | b</c></summary>
internal sealed record UsageChoice(IReadOnlyList<UsageNode> Alternatives) : UsageNode;

/// <summary><c>[ … ]</c></summary>
internal sealed record UsageOptional(UsageNode Inner) : UsageNode;

/// <summary>A piece before <c>...</c>: once or more.</summary>
internal sealed record UsageRepeated(UsageNode Inner) : UsageNode;

/// <summary>Settings, <c>[word &lt;value&gt;] [word &lt;value&gt;]</c>: each at most once, in any order.</summary>
internal sealed record UsageSettings(IReadOnlyList<UsageNode> Items) : UsageNode;

/// <summary>A word with a leading <c>-</c>, which may stand anywhere.</summary>
/// <param name="Value">The placeholder that follows it, or null if it stands alone.</param>
internal sealed record UsageOption(string Name, string? Value);
