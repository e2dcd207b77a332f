using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary><c>up</c>, <c>down</c>, <c>save</c> and <c>strip</c>, as wg-quick(8) has them, and <c>reload</c>.</summary>
internal static class QuickVerbs
{
    private const string Synopsis = "{ <file>.conf | <interface> }", DryRun = "--dry-run";

    public static readonly Verb Up = new(
        "up", Synopsis, "Creates an interface as a configuration file says, with addresses, routes and hooks", "wgnet up wg0",
        (args, streams) => Run(args, streams, "up", ConfigurationMode.Replace, (file, configuration, narrator) => new QuickUp(file, configuration, narrator).Run()));

    public static readonly Verb Down = new(
        "down", Synopsis, "Removes the interface and what `up' did beside it; with SaveConfig = true it saves first", "wgnet down wg0",
        (args, streams) => Run(args, streams, "down", ConfigurationMode.Replace, (file, configuration, narrator) => new QuickDown(file, configuration, narrator).Run()));

    public static readonly Verb Save = new(
        "save", Synopsis, "Writes what the running interface is into its configuration file; comments in the file are lost", "wgnet save wg0",
        (args, streams) => Run(args, streams, "save", ConfigurationMode.Replace, (file, configuration, narrator) => new QuickSave(file, configuration, narrator).Run()));

    public static readonly Verb Reload = new(
        "reload", $"[{DryRun}] {Synopsis}",
        "Makes the running interface what its changed file says, says what changes, and leaves sessions and learned addresses alone",
        "wgnet reload --dry-run wg0 && wgnet reload wg0",
        (args, streams) =>
        {
            bool dryRun = args.Contains(DryRun, StringComparer.Ordinal);
            string[] rest = [.. args.Where(argument => argument != DryRun)];
            return Run(rest, streams, "reload", ConfigurationMode.Append, (file, configuration, narrator) => new QuickReload(file, configuration, streams.Out, narrator, dryRun).Run(), changes: !dryRun);
        });

    public static readonly Verb Strip = new(
        "strip", Synopsis, "Writes the configuration file without what only `up' understands", "wgnet syncconf wg0 <(wgnet strip wg0)", RunStrip)
    {
        Details = "Keys that stand in files of their own are written as they are: wg(8) knows of no such files.",
    };

    // What changes something waits for its turn, and then reads the file. Warnings are for what applies the file.
    private static int Run(
        string[] args, Streams streams, string verb, ConfigurationMode mode, Action<QuickFile, ConfigurationFile, Narrator> run, bool changes = true)
    {
        string argument = TheArgument(args);
        if (!Environment.IsPrivilegedProcess)
        {
            // Before the file, which may be where only root can see it.
            throw new CommandException("must be run as root");
        }

        QuickFile file = Locate(argument, streams);
        Narrator narrator = new(streams.Error);
        using InterfaceLock? turn = changes ? InterfaceLock.Take(file.InterfaceName, verb, narrator) : null;
        ConfigurationFile configuration = verb == "down" ? QuickDown.Load(file, narrator) : ConfigurationFile.Load(file.Path, mode, file.InterfaceName);
        if (verb is "up" or "reload")
        {
            configuration.Warnings.ForEach(narrator.Plain);
        }

        run(file, configuration, narrator);
        return 0;
    }

    private static int RunStrip(string[] args, Streams streams)
    {
        QuickFile file = Locate(TheArgument(args), streams);
        string text = File.ReadAllText(file.Path);
        ConfigurationFile? keys = QuickStrip.HasKeyFiles(text) ? ConfigurationFile.Load(file.Path, ConfigurationMode.Append, file.InterfaceName) : null;
        try
        {
            streams.Out.Write(QuickStrip.Strip(text, keys));
            return 0;
        }
        finally
        {
            keys?.Update.Wipe();
        }
    }

    private static string TheArgument(string[] args) => args is [{ Length: > 0 } argument] ? argument
        : throw new UsageException(args is [] or [""] ? "a configuration file or an interface name is missing" : $"`{args[1]}' was not expected");

    private static QuickFile Locate(string argument, Streams streams)
    {
        var file = QuickFile.Locate(argument);
        if (KeyAccess.IsWorldAccessible(file.Path))
        {
            streams.Error.WriteLine(KeyAccess.WorldAccessibleWarning(file.Path));
        }

        return file;
    }
}
