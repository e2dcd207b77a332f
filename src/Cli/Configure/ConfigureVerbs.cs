using WgNet.Device;
using WgNet.Uapi;

namespace WgNet.Cli.Configure;

/// <summary><c>setconf</c>, <c>addconf</c> and <c>syncconf</c>, as wg(8) has them: a file's configuration onto a running interface.</summary>
internal static class ConfigureVerbs
{
    private const string Synopsis = "<interface> <file>";

    public static readonly Verb SetConf = new(
        "setconf", Synopsis, "Applies a configuration file to an interface, in place of what it has", "wgnet setconf wg0 /etc/wireguard/wg0.conf",
        (args, streams) => Run(args, streams, ConfigurationMode.Replace, (_, update) => update));

    public static readonly Verb AddConf = new(
        "addconf", Synopsis, "Adds a configuration file to what an interface has", "wgnet addconf wg0 more-peers.conf",
        (args, streams) => Run(args, streams, ConfigurationMode.Append, (_, update) => update));

    public static readonly Verb SyncConf = new(
        "syncconf", Synopsis, "Like setconf, but leaves sessions and learned addresses of unchanged peers alone", "wgnet syncconf wg0 /etc/wireguard/wg0.conf",
        (args, streams) => Run(args, streams, ConfigurationMode.Replace, Synchronisation.Of));

    private static int Run(string[] args, Streams streams, ConfigurationMode mode, Func<string, DeviceUpdate, DeviceUpdate> plan)
    {
        if (args is not [string name, string path])
        {
            throw new UsageException(args.Length < 2 ? "an interface and a file are expected" : $"`{args[2]}' was not expected");
        }

        InterfaceName.Check(name);
        var configuration = ConfigurationFile.Load(path, mode);
        EndpointResolver.ResolveAll(configuration.Update, warning => streams.Error.WriteLine(warning));
        UapiClient.Set(name, plan(name, configuration.Update));
        return 0;
    }
}
