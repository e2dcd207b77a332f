using WgNet.Uapi;

namespace WgNet.Cli.Daemon;

/// <summary><c>wgnet &lt;interface&gt;</c>: runs a device the way <c>wireguard-go &lt;interface&gt;</c> does.</summary>
internal static class DeviceVerb
{
    public const string Synopsis = "[-f | --foreground] <interface>";

    public const string Usage = "Usage: wgnet " + Synopsis;

    public const string Help = Usage + """


        Creates the interface and runs it until it or its control socket is deleted, or
        until SIGINT or SIGTERM. Returns when the interface can be configured, unless -f
        keeps it in the foreground. LOG_LEVEL is silent, error or verbose.

        Example:
          wgnet wg0 && wg setconf wg0 wg0.conf && ip link set wg0 up
        """;

    public static int Run(string[] args, Streams streams)
    {
        bool foreground = args[0] is "-f" or "--foreground";
        string[] names = foreground ? args[1..] : args;
        if (names.Length == 0)
        {
            throw new UsageException("an interface name is missing");
        }

        string name = names[0];
        if (!foreground && name.StartsWith('-'))
        {
            throw new UsageException($"`{name}' is not an option");
        }

        if (names.Length > 1)
        {
            throw new UsageException(foreground ? $"`{names[1]}' was not expected" : $"`{name}' is not a verb{(NearVerb(name) is { } near ? $"; did you mean `{near}'?" : ": `wgnet --help' lists them")}");
        }

        // The name of an interface as wireguard-go takes it, so that it could be any word; wg-quick, which calls it so, says by what.
        if (!foreground && name.Length > 3 && NearVerb(name) is { } meant && name.All(char.IsAsciiLetter)
            && Environment.GetEnvironmentVariable("WG_QUICK_USERSPACE_IMPLEMENTATION") is null)
        {
            throw new UsageException($"`{name}' is not a verb; did you mean `{meant}'? An interface of that name runs by `wgnet -f {name}'");
        }

        InterfaceName.Check(name);
        var environment = DaemonEnvironment.OfProcess();
        if (foreground || environment.Foreground)
        {
            return ForegroundDevice.Run(name, environment, streams);
        }

        _ = DaemonLauncher.Start(name, environment);
        return 0;
    }
    private static string? NearVerb(string word) => NearMiss.Of(word, CommandLine.Verbs.Select(verb => verb.Name));
}
