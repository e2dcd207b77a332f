using System.Reflection;
using WgNet.Cli.Completion;
using WgNet.Cli.Configure;
using WgNet.Cli.Daemon;
using WgNet.Cli.Doctor;
using WgNet.Cli.Init;
using WgNet.Cli.Keys;
using WgNet.Cli.Learned;
using WgNet.Cli.Monitor;
using WgNet.Cli.Quick;
using WgNet.Cli.Show;
using WgNet.Cli.Top;

namespace WgNet.Cli;

/// <summary>Finds the verb, or runs a device where the first argument is none, and turns failures into one line and an exit code.</summary>
internal static class CommandLine
{
    public static readonly Verb[] Verbs =
    [
        ShowVerb.Verb, TopVerb.Verb, LearnedVerb.Verb, MonitorVerb.Verb, ShowVerb.Configuration,
        ConfigureVerbs.Set, ConfigureVerbs.SetConf, ConfigureVerbs.AddConf, ConfigureVerbs.SyncConf,
        QuickVerbs.Up, QuickVerbs.Down, QuickVerbs.Save, QuickVerbs.Reload, QuickVerbs.Strip, DoctorVerb.Verb,
        InitVerb.Verb, KeyVerbs.GenKey, KeyVerbs.GenPsk, KeyVerbs.PubKey,
        CompletionVerb.Verb,
    ];

    /// <summary>What may stand in the place of a verb.</summary>
    public static readonly string[] Options = ["-h", "--help", "-v", "--version"];

    public static string Version =>
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static int Run(string[] args, Streams streams)
    {
        int exitCode = RunVerb(args, streams);
        try
        {
            streams.Out.Flush();
            return exitCode;
        }
        catch (Exception exception) when (CommandException.IsExpected(exception))
        {
            // A full disk, most likely: what was printed is not all there.
            streams.Error.WriteLine($"wgnet: the output could not be written: {exception.Message}");
            return Math.Max(exitCode, 1);
        }
    }

    private static int RunVerb(string[] args, Streams streams)
    {
        string usage = DeviceVerb.Usage;
        try
        {
            if (args is [] or ["help" or "-h" or "--help"])
            {
                (args.Length == 0 ? streams.Error : streams.Out).WriteLine(Help());
                return args.Length == 0 ? 1 : 0;
            }

            if (args is ["-v" or "--version"])
            {
                streams.Out.WriteLine($"wgnet {Version}");
                return 0;
            }

            args = args is ["help", { } topic] && Array.Exists(Verbs, verb => verb.Name == topic) ? [topic, "--help"] : args;
            Verb? verb = Array.Find(Verbs, verb => verb.Name == args[0]);
            if (verb is null)
            {
                return DeviceVerb.Run(args, streams);
            }

            usage = verb.Usage;
            if (args is [_, "-h" or "--help"])
            {
                streams.Out.WriteLine(verb.Help);
                return 0;
            }

            return verb.Run(args[1..], streams);
        }
        catch (UsageException exception)
        {
            streams.Error.WriteLine($"wgnet: {exception.Message}");
            streams.Error.WriteLine(usage);
            return 1;
        }
        catch (CommandException exception)
        {
            streams.Error.WriteLine($"wgnet: {exception.Message}");
            return exception.ExitCode;
        }
        catch (Exception exception) when (CommandException.IsExpected(exception))
        {
            streams.Error.WriteLine($"wgnet: {exception.Message}");
            return 1;
        }
    }

    private static string Help()
    {
        int width = Verbs.Max(verb => verb.Name.Length);
        IEnumerable<string> lines = Verbs.Select(verb => $"  {verb.Name.PadRight(width)}  {TextWrap.Wrap(verb.Summary, width + 4, width + 4)}");
        return $"""
            wgnet {Version}: WireGuard in userspace that learns its peers' SLAAC addresses

            {DeviceVerb.Help}

            Usage: wgnet <verb> [<args>]

            {string.Join('\n', lines)}

            `wgnet <verb> --help' shows a verb's arguments and an example. See wgnet(8), and
            wgnet.conf(5) for configuration files.
            """;
    }
}
