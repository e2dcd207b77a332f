namespace WgNet.Cli;

/// <summary>One verb of the command line.</summary>
/// <param name="Synopsis">Its arguments, as the usage line shows them after <c>wgnet name</c>.</param>
/// <param name="Summary">One line for the list of verbs.</param>
/// <param name="Example">A command that a user may type as it stands.</param>
/// <param name="Run">Gets what follows the verb, returns the exit code.</param>
internal sealed record Verb(string Name, string Synopsis, string Summary, string Example, Func<string[], Streams, int> Run)
{
    public string Usage => Synopsis.Length == 0 ? $"Usage: wgnet {Name}" : $"Usage: wgnet {Name} {Synopsis}";

    /// <summary>What <c>--help</c> says beyond the summary; empty for nothing.</summary>
    public string Details { get; init; } = "";

    public string Help => $"""
        {Usage}

        {Summary}.{(Details.Length == 0 ? "" : "\n\n" + Details)}

        Example:
          {Example}
        """;
}
