namespace WgNet.Cli.Completion;

/// <summary>What may be typed next on a command line of wgnet.</summary>
internal static class Completer
{
    // Longer lines are not typed by people.
    private const int MostWords = 1024;

    // Without a slash it would be taken for an interface's name.
    private const string ConfigurationFile = "<file>.conf";

    private static readonly string[] HelpOptions = ["--help", "-h"];

    /// <param name="words">What follows <c>wgnet</c>, the last one being the word that is being typed, maybe empty.</param>
    public static IEnumerable<Candidate> Complete(IReadOnlyList<string> words)
    {
        if (words.Count is 0 or > MostWords)
        {
            return [];
        }

        string typed = words[^1];
        IEnumerable<Candidate> candidates = words.Count == 1 ? First(typed) : After(words[0], [.. words.Skip(1).Take(words.Count - 2)], typed);
        return candidates.Where(candidate => candidate.Text.StartsWith(typed, StringComparison.Ordinal) || candidate.Text.StartsWith('<'));
    }

    private static IEnumerable<Candidate> First(string typed) => typed.StartsWith('-')
        ? [.. CommandLine.Options.Concat(new UsageGrammar(Daemon.DeviceVerb.Synopsis).Options.Select(option => option.Name)).Select(name => new Candidate(name))]
        : CommandLine.Verbs.Select(verb => new Candidate(verb.Name, verb.Summary));

    private static IEnumerable<Candidate> After(string verbName, List<string> before, string typed)
    {
        if (Array.Find(CommandLine.Verbs, verb => verb.Name == verbName) is not { } verb)
        {
            return [];
        }

        UsageGrammar grammar = new(verb.Synopsis);
        List<string> positional = grammar.Positional(before, out string? pending);
        PlaceholderWords system = new(verb.Name, positional);
        if (pending is not null)
        {
            return system.Of(pending);
        }

        IEnumerable<Candidate> options = grammar.Options.Select(option => option.Name).Except(before, StringComparer.Ordinal).Concat(before.Count == 0 ? HelpOptions : []).Select(name => new Candidate(name));
        if (typed.StartsWith('-'))
        {
            return options;
        }

        List<Candidate> candidates = [.. grammar.Next(positional).SelectMany(word => word.Contains('<', StringComparison.Ordinal) ? system.Of(word) : [new Candidate(word)])
            .Where(candidate => candidate.Text != ConfigurationFile || typed.Contains('/', StringComparison.Ordinal))];
        return candidates.Count > 0 ? candidates : options.Where(option => option.Text.StartsWith("--", StringComparison.Ordinal) && option.Text != HelpOptions[0]);
    }
}
