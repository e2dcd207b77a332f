using System.Net;
using System.Net.Sockets;
using WgNet.Cli.Daemon;
using WgNet.Linux;
using WgNet.Routing;
using WgNet.Uapi;
using WgNet.Udp;

namespace WgNet.Cli.Quick;

/// <summary>Brings an interface up in wg-quick(8)'s order of steps, all of them or none.</summary>
internal sealed class QuickUp(QuickFile file, ConfigurationFile configuration, Narrator narrator)
{
    private readonly string _name = file.InterfaceName;

    public void Run()
    {
        QuickSettings quick = configuration.Quick;
        Resolver resolver = new(_name, quick, narrator);
        resolver.CheckAvailable();
        RefuseSaveConfig(quick);
        using RouteNetlink netlink = new();
        if (netlink.FindLink(_name) is not null)
        {
            throw new CommandException($"`{_name}' already exists");
        }

        using Interruption interruption = new();
        using UndoStack undo = new(narrator);
        Hooks.Run(quick.PreUp, _name, narrator);
        interruption.ThrowIfRequested();
        CheckPort(configuration.Update.ListenPort ?? 0);
        int index = CreateInterface(netlink, undo);
        narrator.Step($"wgnet setconf {_name} {file.Path}");
        EndpointResolver.ResolveAll(configuration.Update, narrator.Warn, interruption.Sleep);
        UapiClient.Set(_name, configuration.Update);
        AddAddresses(netlink, index, quick);
        SetMtuAndUp(netlink, index, quick);
        interruption.ThrowIfRequested();
        resolver.Set(undo);
        AddRoutes(netlink, index, quick, undo);
        interruption.ThrowIfRequested();
        Hooks.Run(quick.PostUp, _name, narrator);
        interruption.ThrowIfRequested();
        undo.Commit();
    }

    // Better not up than up with a file that silently will not be saved.
    private static void RefuseSaveConfig(QuickSettings quick)
    {
        if (quick.SaveConfig)
        {
            throw new CommandException("SaveConfig is not supported: remove it, or use wg-quick(8) with WG_QUICK_USERSPACE_IMPLEMENTATION=wgnet");
        }
    }

    /// <summary>
    /// Whether the device will be able to listen there. It opens its sockets when the interface is set up, where a failure could
    /// only be logged, and <c>up</c> would end well with a tunnel that hears nothing.
    /// </summary>
    public static void CheckPort(ushort port)
    {
        try
        {
            UdpSockets.Open(port, mark: 0, new UdpOptions()).Dispose();
        }
        catch (LinuxException exception)
        {
            throw new CommandException($"ListenPort = {port}: {exception.Message}");
        }
    }

    private int CreateInterface(RouteNetlink netlink, UndoStack undo)
    {
        narrator.Step($"wgnet {_name}");
        _ = DaemonLauncher.Start(_name, DaemonEnvironment.OfProcess());
        LinkInfo link = netlink.FindLink(_name) ?? throw new CommandException($"`{_name}' has gone again: see LOG_LEVEL=verbose wgnet -f {_name}");
        undo.Push(() =>
        {
            narrator.Step($"ip link delete dev {_name}");
            netlink.DeleteLink(link.Index);
        });
        return link.Index;
    }

    private void AddAddresses(RouteNetlink netlink, int index, QuickSettings quick)
    {
        foreach (InterfaceAddress address in quick.Addresses)
        {
            narrator.Step($"ip {Family(address.Address)} address add {address} dev {_name}");
            netlink.AddAddress(index, address.Address, address.PrefixLength);
        }
    }

    private void SetMtuAndUp(RouteNetlink netlink, int index, QuickSettings quick)
    {
        int mtu = quick.Mtu ?? MtuChooser.Choose(netlink, configuration.Update);
        narrator.Step($"ip link set mtu {mtu} up dev {_name}");
        netlink.SetMtu(index, mtu);
        netlink.SetLinkUp(index);
    }

    private void AddRoutes(RouteNetlink netlink, int index, QuickSettings quick, UndoStack undo)
    {
        if (quick.Table == "off")
        {
            return;
        }

        uint? table = quick.Table is null or "auto" ? null : RoutePlan.ParseTable(quick.Table, NamedTables());
        uint mark = configuration.Update.FirewallMark ?? 0;
        DefaultRoute defaultRoute = new(netlink, _name, index, narrator, undo);
        foreach (IpPrefix prefix in RoutePlan.Prefixes(configuration.Update))
        {
            if (table is null && prefix.Length == 0)
            {
                IEnumerable<string> own = quick.Addresses
                    .Select(address => address.Address)
                    .Where(address => Family(address) == (prefix.IsIPv4 ? "-4" : "-6"))
                    .Select(address => address.ToString());
                mark = defaultRoute.Add(prefix, mark, own);
            }
            else if (table is not null || !RoutePlan.IsCovered(prefix, netlink.Routes(prefix.IsIPv4), index))
            {
                string suffix = table is null ? "" : $" table {quick.Table}";
                narrator.Step($"ip {(prefix.IsIPv4 ? "-4" : "-6")} route add {prefix} dev {_name}{suffix}");
                netlink.AddRoute(IpPrefix.ToAddress(prefix.Address, prefix.IsIPv4), prefix.Length, index, table ?? RouteNetlink.MainTable);
            }
        }
    }

    private static string Family(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? "-4" : "-6";

    private static string[] NamedTables()
    {
        const string NamesFile = "/etc/iproute2/rt_tables";
        return File.Exists(NamesFile) ? File.ReadAllLines(NamesFile) : [];
    }
}
