using WgNet.Cli.Keys;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Protocol;

namespace WgNet.Cli.Show;

/// <summary><c>wgnet show</c>: all of <c>wg show</c>, and what peers may learn and have learned.</summary>
internal static class ShowVerb
{
    public static readonly Verb Verb = new(
        "show", $"{{ <interface> | all | interfaces }} [{string.Join(" | ", FieldPrinter.Names)}]",
        "Shows the current configuration and device information", "wgnet show wg0 learned-ips", Run);

    private static int Run(string[] args, Streams streams)
    {
        if (args.Length > 2)
        {
            throw new UsageException($"`{args[2]}' was not expected");
        }

        string which = args.Length == 0 ? "all" : args[0];
        string? field = args.Length == 2 ? args[1] : null;
        if (which == "interfaces")
        {
            return ListInterfaces(field, streams);
        }

        if (field is not null && !FieldPrinter.Names.Contains(field, StringComparer.Ordinal))
        {
            throw new UsageException($"Invalid parameter: `{field}'");
        }

        return which == "all" ? ShowAll(field, streams) : ShowOne(which, field, streams);
    }

    private static int ListInterfaces(string? field, Streams streams)
    {
        if (field is not null)
        {
            throw new UsageException($"`{field}' was not expected");
        }

        string names = string.Join(' ', RunningInterfaces.Names());
        if (names.Length > 0)
        {
            streams.Out.WriteLine(names);
        }

        return 0;
    }

    private static int ShowOne(string name, string? field, Streams streams)
    {
        using DeviceView device = View(name, RunningInterfaces.Get(name));
        Print(device, field, withInterface: false, streams);
        return 0;
    }

    private static int ShowAll(string? field, Streams streams)
    {
        bool first = true;
        return RunningInterfaces.ForEach(streams, (name, snapshot) =>
        {
            using DeviceView device = View(name, snapshot);
            if (!first && field is null)
            {
                streams.Out.WriteLine();
            }

            Print(device, field, withInterface: true, streams);
            first = false;
        });
    }

    private static DeviceView View(string name, DeviceSnapshot snapshot)
    {
        PublicKey? publicKey = snapshot.PrivateKey is { } privateKey ? KeyText.PublicKeyOf(privateKey) : null;
        return new DeviceView(name, snapshot, publicKey);
    }

    private static void Print(DeviceView device, string? field, bool withInterface, Streams streams)
    {
        if (field is not null)
        {
            new FieldPrinter(streams.Out, withInterface).Print(device, field);
            return;
        }

        bool hideKeys = Environment.GetEnvironmentVariable("WG_HIDE_KEYS") != "never";
        new PrettyPrinter(streams.Out, Paint.ForOutput(), Clock.WallTime / 1_000_000_000, hideKeys).Print(device);
    }
}
