namespace WgNet.Cli.Completion;

/// <summary>
/// <c>wgnet completion</c>: the scripts that teach a shell to complete wgnet's words, and what they ask it while somebody types.
/// </summary>
internal static class CompletionVerb
{
    // Who waits for a word gives up sooner than a device that hangs.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly (string Shell, string File)[] Scripts = [("bash", "wgnet.bash"), ("zsh", "_wgnet"), ("fish", "wgnet.fish")];

    public static readonly Verb Verb = new(
        "completion", "bash | zsh | fish | next [<word>]...", "Prints the script that makes a shell complete wgnet's words",
        "wgnet completion bash > /etc/bash_completion.d/wgnet", Run)
    {
        Details = """
            zsh's belongs into a folder of $fpath, as _wgnet, and fish's into
            /etc/fish/completions, as wgnet.fish. For one session:
            source <(wgnet completion bash), the same with zsh, or
            wgnet completion fish | source.

            The scripts ask wgnet completion next. It gets the words of a command line, the
            last one not finished, and prints those that may stand there, a line each:
            word, tab, what it is. <file> and the like stand for what the shell knows.
            """,
    };

    private static int Run(string[] args, Streams streams)
    {
        switch (args)
        {
            case ["next", .. string[] words]:
                foreach (Candidate candidate in Next(words))
                {
                    streams.Out.WriteLine(candidate.Description.Length == 0 ? candidate.Text : $"{candidate.Text}\t{candidate.Description}");
                }

                return 0;
            case [string shell] when Array.Find(Scripts, script => script.Shell == shell) is { File: { } file }:
                streams.Out.Write(Script(file));
                return 0;
            case []:
                throw new UsageException("the name of a shell is missing");
            default:
                throw new UsageException(args.Length > 1 ? $"`{args[1]}' was not expected" : $"`{args[0]}' is not a shell that is known");
        }
    }

    // A failure is nobody's business who is typing.
    private static IReadOnlyList<Candidate> Next(string[] words)
    {
        try
        {
            var search = Task.Run<IReadOnlyList<Candidate>>(() => [.. Completer.Complete(words)]);
            return search.Wait(Patience) ? search.Result : [];
        }
        catch (AggregateException exception) when (exception.InnerException is UsageException || CommandException.IsExpected(exception.InnerException!))
        {
            return [];
        }
    }

    private static string Script(string file)
    {
        using StreamReader reader = new(typeof(CompletionVerb).Assembly.GetManifestResourceStream(file)!);
        return reader.ReadToEnd();
    }
}
