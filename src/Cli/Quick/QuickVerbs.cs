using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary><c>up</c>, <c>down</c> and <c>strip</c>, as wg-quick(8) has them.</summary>
internal static class QuickVerbs
{
    private const string Synopsis = "{ <file>.conf | <interface> }";

    public static readonly Verb Up = new(
        "up", Synopsis, "Creates an interface as a configuration file says, with addresses, routes and hooks", "wgnet up wg0",
        (args, streams) => Run(args, streams, (file, configuration, narrator) => new QuickUp(file, configuration, narrator).Run()));

    public static readonly Verb Down = new(
        "down", Synopsis, "Removes the interface and what `up' did beside it", "wgnet down wg0",
        (args, streams) => Run(args, streams, (file, configuration, narrator) => new QuickDown(file, configuration, narrator).Run()));

    public static readonly Verb Strip = new(
        "strip", Synopsis, "Writes the configuration file without what only `up' understands", "wgnet strip wg0", RunStrip);

    private static int Run(string[] args, Streams streams, Action<QuickFile, ConfigurationFile, Narrator> run)
    {
        QuickFile file = Locate(args, streams);
        if (!Environment.IsPrivilegedProcess)
        {
            throw new CommandException("must be run as root");
        }

        var configuration = ConfigurationFile.Load(file.Path, ConfigurationMode.Replace);
        run(file, configuration, new Narrator(streams.Error));
        return 0;
    }

    private static int RunStrip(string[] args, Streams streams)
    {
        QuickFile file = Locate(args, streams);
        streams.Out.Write(QuickStrip.Strip(File.ReadAllText(file.Path)));
        return 0;
    }

    private static QuickFile Locate(string[] args, Streams streams)
    {
        if (args is not [string argument])
        {
            throw new UsageException(args.Length == 0 ? "a configuration file or an interface name is missing" : $"`{args[1]}' was not expected");
        }

        var file = QuickFile.Locate(argument);
        if (file.IsWorldAccessible)
        {
            streams.Error.WriteLine($"Warning: `{file.Path}' is world accessible");
        }

        return file;
    }
}
