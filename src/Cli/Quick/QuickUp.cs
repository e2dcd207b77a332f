using WgNet.Cli.Daemon;
using WgNet.Cli.Show;
using WgNet.Linux;
using WgNet.Uapi;
using WgNet.Udp;

namespace WgNet.Cli.Quick;

/// <summary>Brings an interface up in wg-quick(8)'s order of steps, all of them or none.</summary>
internal sealed class QuickUp(QuickFile file, ConfigurationFile configuration, Narrator narrator)
{
    /// <summary>What the kernel asks of an interface's MTU to let it have IPv6 (RFC 8200 section 5).</summary>
    public const int SmallestIPv6Mtu = 1280;

    private readonly string _name = file.InterfaceName;

    public void Run()
    {
        QuickSettings quick = configuration.Quick;
        CheckBefore(configuration, narrator);
        using RouteNetlink netlink = new();
        if (netlink.FindLink(_name) is not null)
        {
            throw new CommandException(AlreadyExists(netlink.FindLink(_name)?.Kind));
        }

        using Interruption interruption = new();
        using UndoStack undo = new(narrator);
        Hooks.Run(quick.PreUp, _name, narrator);
        interruption.ThrowIfRequested();
        CheckPort(configuration);
        LinkInfo link = CreateInterface(netlink, undo);
        InterfaceSteps steps = new(netlink, _name, link.Index, narrator, undo);
        bool isNameLeft;
        using (narrator.Wait("looking up the names of endpoints"))
        {
            isNameLeft = EndpointResolver.ResolveFor(_name, configuration.Update, narrator.Warn, interruption.Sleep);
        }

        narrator.Do($"wgnet setconf {_name} {file.Path}", () => SetDevice(configuration));
        quick.Addresses.ForEach(steps.AddAddress);
        int mtu = quick.Mtu ?? MtuChooser.Choose(netlink, configuration.Update.Peers.Select(peer => peer.Endpoint).OfType<Endpoint>());
        steps.SetMtu(mtu, link.Mtu, up: true);
        interruption.ThrowIfRequested();
        SetDns(quick, undo);
        bool hasDefault = AddRoutes(netlink, link.Index, steps);
        if (isNameLeft && (hasDefault || Resolver.IsNeeded(quick)))
        {
            narrator.Warn("until the endpoint is resolved, name servers have to be reached outside the tunnel, which does not work before");
        }

        interruption.ThrowIfRequested();
        Hooks.Run(quick.PostUp, _name, narrator);
        interruption.ThrowIfRequested();
        undo.Commit();
        AppliedFile.Write(_name, AppliedFile.Text(link.Index, configuration), narrator);
    }

    /// <summary>Refuses what can be known to be impossible before anything is changed.</summary>
    public static void CheckBefore(ConfigurationFile configuration, Narrator narrator)
    {
        Resolver.CheckAvailable(configuration);
        CheckMark(configuration);
        if (configuration.Quick.Mtu is < SmallestIPv6Mtu && configuration.Quick.Addresses.Exists(address => !InterfaceSteps.IsIPv4(address.Address)))
        {
            narrator.Warn($"MTU = {configuration.Quick.Mtu}: the kernel takes IPv6, which Address has, away from an interface with less than {SmallestIPv6Mtu}");
        }
    }

    /// <summary>
    /// Whether the device will be able to listen there. It opens its sockets when the interface is set up, where a failure could
    /// only be logged, and <c>up</c> would end well with a tunnel that hears nothing.
    /// </summary>
    public static void CheckPort(ConfigurationFile configuration)
    {
        ushort port = configuration.Update.ListenPort ?? 0;
        try
        {
            UdpSockets.Open(port, mark: 0, new UdpOptions()).Dispose();
        }
        catch (LinuxException exception)
        {
            throw configuration.Refuse("ListenPort", $"{port}", exception.Message, "a port that nothing else listens on, or no ListenPort for any that is free");
        }
    }

    // The mark names the table of a default route, which would end up among the host's own routes.
    private static void CheckMark(ConfigurationFile configuration)
    {
        bool isAutomatic = TableChoice.Of(configuration).IsAutomatic;
        if (isAutomatic && configuration.Update.FirewallMark is { } mark && DefaultRoute.IsOfSystem(mark)
            && RoutePlan.Prefixes(configuration.Update).Any(prefix => prefix.Length == 0))
        {
            throw configuration.Refuse(
                "FwMark", $"{mark}", "a default route into the tunnel goes into the table of this number, which is the system's own",
                "another mark, or no FwMark for one that is free");
        }
    }

    private string AlreadyExists(string? kind) => RunningInterfaces.IsRunning(_name)
        ? $"`{_name}' already exists: `wgnet reload {_name}' applies the file to it, `wgnet down {_name}' removes it"
        : kind is null or "" ? $"`{_name}' already exists, and is no WireGuard interface: another name is needed"
        : $"`{_name}' already exists, and no WgNet runs it, for it is of kind {kind}: another name, or `ip link delete {_name}'";

    private void SetDevice(ConfigurationFile file)
    {
        try
        {
            UapiClient.Set(_name, file.Update);
        }
        catch (UapiException refusal)
        {
            throw file.Refuse(refusal);
        }
    }

    private LinkInfo CreateInterface(RouteNetlink netlink, UndoStack undo)
    {
        using (narrator.Begin($"wgnet {_name}"))
        {
            _ = DaemonLauncher.Start(_name, DaemonEnvironment.OfProcess());
        }

        LinkInfo link = netlink.FindLink(_name) ?? throw new CommandException($"`{_name}' has gone again: see LOG_LEVEL=verbose wgnet -f {_name}");
        undo.Push(() =>
        {
            narrator.Step($"ip link delete dev {_name}");
            netlink.DeleteLink(link.Index);
        });
        return link;
    }

    private void SetDns(QuickSettings quick, UndoStack undo)
    {
        if (Resolver.IsNeeded(quick))
        {
            // First, because resolvectl sets in two steps.
            Resolver resolver = new(_name, narrator);
            undo.Push(resolver.Unset);
            resolver.Set(quick);
        }
    }

    // Whether there is a default route among them.
    private bool AddRoutes(RouteNetlink netlink, int index, InterfaceSteps steps)
    {
        var plan = RoutePlan.Make(RoutePlan.Prefixes(configuration.Update), TableChoice.Of(configuration), [.. PlannedRoute.Of(netlink, index).Select(route => route.Prefix)]);
        foreach (PlannedRoute route in plan.Routes)
        {
            steps.AddRoute(route);
        }

        if (!plan.HasDefault)
        {
            return false;
        }

        uint mark = configuration.Update.FirewallMark ?? 0;
        if (mark == 0)
        {
            mark = DefaultRoute.FreeTable(netlink);
            steps.SetMark(mark, before: 0);
        }

        foreach (bool isIPv4 in DefaultRoute.Families.Where(plan.Default))
        {
            steps.AddDefaultRoute(isIPv4, mark);
            steps.SetFirewall(isIPv4, mark);
        }

        return true;
    }
}
