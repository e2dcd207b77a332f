using WgNet.Linux;
using WgNet.Uapi;

namespace WgNet.Cli.Show;

/// <summary><c>wgnet show</c> and <c>showconf</c>: all of wg(8)'s, and what peers may learn and have learned.</summary>
internal static class ShowVerb
{
    private const string Json = "--json";

    public static readonly Verb Verb = new(
        "show", $"[<interface> | all | interfaces] [{Json} | {string.Join(" | ", FieldPrinter.Names)}]",
        "Shows the current configuration and device information", "wgnet show wg0 learned-ips", Run);

    public static readonly Verb Configuration = new(
        "showconf", "<interface>", "Shows the current configuration in the form that setconf reads", "(umask 077; wgnet showconf wg0 > wg0.conf)", ShowConfiguration);

    private static int Run(string[] args, Streams streams)
    {
        bool json = args.Contains(Json);
        args = [.. args.Where(argument => argument != Json)];
        if (args.Length > 2)
        {
            throw new UsageException($"`{args[2]}' was not expected");
        }

        string which = args.Length == 0 ? "all" : args[0];
        string? field = args.Length == 2 ? args[1] : null;
        if (field is not null && (json || which == "interfaces"))
        {
            throw new UsageException($"`{field}' was not expected");
        }

        if (which == "interfaces" && !json)
        {
            return ListInterfaces(streams);
        }

        if (field is not null && !FieldPrinter.Names.Contains(field, StringComparer.Ordinal))
        {
            throw new UsageException($"Invalid parameter: `{field}'{(NearMiss.Of(field, FieldPrinter.Names) is { } near ? $"; did you mean {near}?" : "")}");
        }

        return which switch
        {
            "interfaces" => throw new UsageException($"`{Json}' was not expected"),
            "all" => ShowAll(field, json, streams),
            _ => ShowOne(which, field, json, streams),
        };
    }

    private static int ListInterfaces(Streams streams)
    {
        string names = string.Join(' ', RunningInterfaces.Names());
        if (names.Length > 0)
        {
            streams.Out.WriteLine(names);
        }

        return 0;
    }

    private static int ShowOne(string name, string? field, bool json, Streams streams)
    {
        using DeviceView device = DeviceView.Of(name, RunningInterfaces.Get(name));
        if (json)
        {
            streams.Out.WriteLine(new JsonPrinter(HideKeys).Print([device]));
        }
        else
        {
            Print(device, field, withInterface: false, streams);
        }

        return 0;
    }

    private static int ShowConfiguration(string[] args, Streams streams)
    {
        if (args is not [string name])
        {
            throw new UsageException(args.Length == 0 ? "an interface is expected" : $"`{args[1]}' was not expected");
        }

        using DeviceView device = DeviceView.Of(name, RunningInterfaces.Get(name));
        new ConfigurationPrinter(streams.Out).Print(device);
        return 0;
    }

    // As with wg(8), it is a failure only if none answers.
    private static int ShowAll(string? field, bool json, Streams streams)
    {
        List<DeviceView> devices = [];
        try
        {
            int exitCode = RunningInterfaces.ForEach(streams, (name, snapshot) => devices.Add(DeviceView.Of(name, snapshot)));
            if (json)
            {
                streams.Out.WriteLine(new JsonPrinter(HideKeys).Print(devices));
            }
            else
            {
                PrintAll(devices, field, streams);
            }

            return devices.Count > 0 ? 0 : exitCode;
        }
        finally
        {
            devices.ForEach(device => device.Dispose());
        }
    }

    private static void PrintAll(List<DeviceView> devices, string? field, Streams streams)
    {
        for (int i = 0; i < devices.Count; i++)
        {
            if (i > 0 && field is null)
            {
                streams.Out.WriteLine();
            }

            Print(devices[i], field, withInterface: true, streams);
        }

        if (field is null)
        {
            foreach (string name in RunningInterfaces.OfTheKernel())
            {
                streams.Error.WriteLine($"wgnet: {name} is a kernel WireGuard interface: wg show {name}");
            }
        }
    }

    private static bool HideKeys => Environment.GetEnvironmentVariable("WG_HIDE_KEYS") != "never";

    private static void Print(DeviceView device, string? field, bool withInterface, Streams streams)
    {
        if (field is not null)
        {
            new FieldPrinter(streams.Out, withInterface).Print(device, field);
            return;
        }

        new PrettyPrinter(streams.Out, Paint.ForOutput(), Clock.WallTime / 1_000_000_000, HideKeys).Print(device);
    }
}
