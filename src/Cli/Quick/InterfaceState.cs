using System.Globalization;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Routing;
using WgNet.Uapi;
using WgNet.Udp;

namespace WgNet.Cli.Quick;

/// <summary>What is set up around a tunnel: as it is now, or as a file wants it.</summary>
/// <param name="Routes">Those that AllowedIPs and LearnableIPs lead to, default routes by a mark left out.</param>
/// <param name="Mark">The device's firewall mark; 0 for none.</param>
/// <param name="Dns">What stands after <c>DNS = </c>; empty for none.</param>
internal sealed record InterfaceState(
    IReadOnlyList<InterfaceAddress> Addresses, int Mtu, IReadOnlyList<PlannedRoute> Routes, bool DefaultIPv4, bool DefaultIPv6, uint Mark, string Dns)
{
    public bool Default(bool isIPv4) => isIPv4 ? DefaultIPv4 : DefaultIPv6;

    /// <summary>The state in the kernel, without what is there for other reasons than the configuration.</summary>
    /// <param name="applied">The configuration that was applied last. Without it, every permanent address counts as configured.</param>
    /// <param name="wanted">The configuration to come: what it has may be there already.</param>
    public static InterfaceState Now(RouteNetlink netlink, LinkInfo link, DeviceSnapshot device, ConfigurationFile? applied, ConfigurationFile wanted)
    {
        HashSet<IpPrefix> owned = [.. RoutePlan.Prefixes(device), .. RoutePlan.Prefixes(wanted.Update), .. applied is null ? [] : RoutePlan.Prefixes(applied.Update)];
        return new InterfaceState(
            [.. GivenAddresses(netlink, link.Index).Where(address => applied is null || applied.Quick.Addresses.Contains(address) || wanted.Quick.Addresses.Contains(address))],
            link.Mtu,
            [.. RoutesByHand(netlink, link.Index)
                .Where(route => owned.Contains(route.Prefix) && !(route.Prefix.Length == 0 && route.Table == device.FirewallMark))],
            DefaultRoute.Exists(netlink, device.FirewallMark, isIPv4: true),
            DefaultRoute.Exists(netlink, device.FirewallMark, isIPv4: false),
            device.FirewallMark,
            applied is null ? "" : Resolver.ConfigurationText(applied.Quick));
    }

    /// <summary>The state that <c>up</c> would make of a file.</summary>
    /// <param name="prefixes">Those of the file's peers, longest first.</param>
    /// <param name="endpoints">Where its peers are.</param>
    public static InterfaceState Wanted(
        RouteNetlink netlink, LinkInfo link, InterfaceState now, ConfigurationFile? applied, ConfigurationFile wanted, IReadOnlyList<IpPrefix> prefixes, IEnumerable<Endpoint> endpoints)
    {
        int mtu = wanted.Quick.Mtu ?? MtuChooser.Choose(netlink, endpoints, now.Mark, link.Index);
        List<InterfaceAddress> addresses =
            [.. wanted.Quick.Addresses.Distinct().Where(address => mtu >= QuickUp.SmallestIPv6Mtu || InterfaceSteps.IsIPv4(address.Address))];
        // What the interface's other routes will lead to by then: its networks, and what somebody else added.
        HashSet<IpPrefix> going = [.. now.Addresses.Except(addresses).Select(Network), .. now.Routes.Select(route => route.Prefix)];
        IpPrefix[] staying = [.. PlannedRoute.Of(netlink, link.Index).Select(route => route.Prefix).Where(prefix => !going.Contains(prefix))];
        IpPrefix[] networks = [.. addresses.Select(Network).Where(network => network is not { IsIPv4: true, Length: 32 })];
        var plan = RoutePlan.Make(prefixes, TableChoice.Of(wanted), [.. staying, .. networks]);
        return new InterfaceState(
            addresses, mtu, plan.Routes, plan.DefaultIPv4, plan.DefaultIPv6, MarkFor(netlink, now, plan, applied, wanted), Resolver.ConfigurationText(wanted.Quick));
    }

    /// <summary>The addresses of an interface that were given to it: not those of router advertisements, nor the kernel's own link-local one.</summary>
    public static IEnumerable<InterfaceAddress> GivenAddresses(RouteNetlink netlink, int index) => netlink.Addresses(index)
        .Where(address => address is { IsPermanent: true, IsAutomatic: false })
        .Select(address => new InterfaceAddress(address.Address, address.PrefixLength));

    /// <summary>All unicast routes to an interface, of both families and all tables.</summary>
    public static IEnumerable<RouteInfo> AllRoutes(RouteNetlink netlink, int index) =>
        netlink.RoutesOf(index, isIPv4: true).Concat(netlink.RoutesOf(index, isIPv4: false));

    /// <summary>Those of them that somebody added, and that lead straight into it.</summary>
    public static IEnumerable<PlannedRoute> RoutesByHand(RouteNetlink netlink, int index) =>
        AllRoutes(netlink, index).Where(route => route is { IsByHand: true, Gateway: null }).Select(PlannedRoute.Of);

    /// <summary>What would have to be changed, line by line.</summary>
    public IEnumerable<Change> ChangesTo(InterfaceState wanted)
    {
        IEnumerable<Change>[] changes =
        [
            Change.Between("Address = ", Addresses, wanted.Addresses),
            Change.Between<int>("MTU = ", [Mtu], [wanted.Mtu]),
            Change.Between<string>("DNS = ", Dns.Length == 0 ? [] : [Dns], wanted.Dns.Length == 0 ? [] : [wanted.Dns]),
            Change.Between("FwMark = ", MarkText, wanted.MarkText),
            Change.Between<PlannedRoute>("route ", [.. Routes, .. DefaultRoutes], [.. wanted.Routes, .. wanted.DefaultRoutes]),
        ];
        return changes.SelectMany(change => change);
    }

    private IEnumerable<PlannedRoute> DefaultRoutes => DefaultRoute.Families.Where(Default).Select(isIPv4 => DefaultRoute.Route(isIPv4, Mark));

    private IEnumerable<string> MarkText => Mark == 0 ? [] : [string.Create(CultureInfo.InvariantCulture, $"0x{Mark:x}")];

    private static IpPrefix Network(InterfaceAddress address) =>
        new(IpPrefix.ToNumber(address.Address), address.PrefixLength, InterfaceSteps.IsIPv4(address.Address));

    // What the file says; else what a default route needs; else what somebody else set, which is left alone.
    private static uint MarkFor(RouteNetlink netlink, InterfaceState now, RoutePlan plan, ConfigurationFile? applied, ConfigurationFile wanted)
    {
        uint? stated = wanted.Update.FirewallMark;
        bool wasStated = applied?.Update.FirewallMark is > 0;
        if (stated is > 0)
        {
            return stated.Value;
        }

        if (plan.HasDefault)
        {
            return now.Mark != 0 && !DefaultRoute.IsOfSystem(now.Mark) && !wasStated ? now.Mark : DefaultRoute.FreeTable(netlink);
        }

        return stated == 0 || wasStated || now.DefaultIPv4 || now.DefaultIPv6 ? 0 : now.Mark;
    }
}
