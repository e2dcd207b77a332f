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
        if (names is not [string name])
        {
            throw new UsageException(names.Length == 0 ? "an interface name is missing" : $"`{names[1]}' was not expected");
        }

        if (!foreground && name.StartsWith('-'))
        {
            throw new UsageException($"`{name}' is not an option");
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
}
