using WgNet.Device;
using WgNet.Uapi;

namespace WgNet.Cli.Configure;

/// <summary><c>set</c>, <c>setconf</c>, <c>addconf</c> and <c>syncconf</c>, as wg(8) has them: changes to a running interface.</summary>
internal static class ConfigureVerbs
{
    private const string Synopsis = "<interface> <file>";

    public static readonly Verb Set = new(
        "set", $"<interface> {SetArguments.Synopsis}", "Changes the configuration of an interface, adds, changes and removes peers",
        "wgnet set wg0 peer xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg= \\\n  learnable-ips 2001:db8:1:2::/64 allowed-ips +192.0.2.7/32", RunSet);

    public static readonly Verb SetConf = new(
        "setconf", Synopsis, "Applies a configuration file to an interface, in place of what it has", "wgnet setconf wg0 /etc/wireguard/wg0.conf",
        (args, streams) => Run(args, streams, ConfigurationMode.Replace, (_, update) => update));

    public static readonly Verb AddConf = new(
        "addconf", Synopsis, "Adds a configuration file to what an interface has", "wgnet addconf wg0 more-peers.conf",
        (args, streams) => Run(args, streams, ConfigurationMode.Append, (_, update) => update));

    public static readonly Verb SyncConf = new(
        "syncconf", Synopsis, "Like setconf, but leaves sessions and learned addresses of unchanged peers alone",
        "wgnet syncconf wg0 /etc/wireguard/wg0.conf",
        (args, streams) => Run(args, streams, ConfigurationMode.Replace, Synchronisation.Of));

    private static int RunSet(string[] args, Streams streams)
    {
        if (args.Length < 2)
        {
            throw new UsageException("an interface and what to set are expected");
        }

        InterfaceName.Check(args[0]);
        try
        {
            Apply(args[0], SetArguments.Read(args.AsSpan(1), streams.Error.WriteLine), streams, (_, update) => update);
            return 0;
        }
        catch (UapiException refusal)
        {
            throw Unmodified(refusal);
        }
    }

    private static int Run(string[] args, Streams streams, ConfigurationMode mode, Func<string, DeviceUpdate, DeviceUpdate> plan)
    {
        if (args is not [string name, { Length: > 0 } path])
        {
            throw new UsageException(args.Length < 2 || args[1].Length == 0 ? "an interface and a file are expected" : $"`{args[2]}' was not expected");
        }

        InterfaceName.Check(name);
        var configuration = ConfigurationFile.Load(path, mode, name);
        configuration.Warnings.ForEach(streams.Error.WriteLine);
        try
        {
            Apply(name, configuration.Update, streams, plan);
            return 0;
        }
        catch (UapiException refusal)
        {
            throw configuration.Refuse(refusal) is ConfigurationFileException told ? told : Unmodified(refusal);
        }
    }

    private static CommandException Unmodified(UapiException refusal) => new($"Unable to modify interface: {refusal.Message}");

    private static void Apply(string name, DeviceUpdate update, Streams streams, Func<string, DeviceUpdate, DeviceUpdate> plan)
    {
        try
        {
            _ = EndpointResolver.ResolveFor(name, update, streams.Error.WriteLine);
            UapiClient.Set(name, plan(name, update));
        }
        finally
        {
            update.Wipe();
        }
    }
}
