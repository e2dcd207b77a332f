namespace WgNet.Cli;

/// <summary>One verb of the command line.</summary>
/// <param name="Synopsis">
/// Its arguments, as the usage line shows them after <c>wgnet name</c>. The shells' completion goes by it, too: see
/// <see cref="Completion.UsageParser"/> for what it may consist of, and <see cref="Completion.PlaceholderWords"/>.
/// </param>
/// <param name="Summary">One line for the list of verbs.</param>
/// <param name="Example">A command that a user may type as it stands; a second line after a backslash.</param>
/// <param name="Run">Gets what follows the verb, returns the exit code.</param>
internal sealed record Verb(string Name, string Synopsis, string Summary, string Example, Func<string[], Streams, int> Run)
{
    private const string UsageBegin = "Usage: wgnet ";

    public string Usage => TextWrap.Wrap($"{UsageBegin}{Name} {Synopsis}", UsageBegin.Length);

    /// <summary>What <c>--help</c> says beyond the summary; empty for nothing.</summary>
    public string Details { get; init; } = "";

    public string Help => $"""
        {Usage}

        {TextWrap.Wrap(Summary + ".", indent: 0)}{(Details.Length == 0 ? "" : "\n\n" + TextWrap.Lines(Details))}

        Example:
          {Example.ReplaceLineEndings("\n  ")}
        """;
}
