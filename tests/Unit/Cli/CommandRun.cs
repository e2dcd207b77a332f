using WgNet.Cli;

namespace WgNet.Unit.Cli;

/// <summary>A command line run in this process, and what came of it.</summary>
internal sealed record CommandRun(int ExitCode, string Out, string Error)
{
    public static CommandRun Of(string[] args, string input = "")
    {
        using StringReader reader = new(input);
        using StringWriter output = new();
        using StringWriter error = new();
        int exitCode = CommandLine.Run(args, new Streams(reader, output, error));
        return new CommandRun(exitCode, output.ToString(), error.ToString());
    }
}
