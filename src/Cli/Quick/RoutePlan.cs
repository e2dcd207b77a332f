using System.Globalization;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Routing;

namespace WgNet.Cli.Quick;

/// <summary>A route into the interface.</summary>
internal readonly record struct PlannedRoute(IpPrefix Prefix, uint Table)
{
    /// <summary>As ip(8) is told of it; nothing for the main table.</summary>
    public string TableSuffix => Table == RouteNetlink.MainTable ? "" : string.Create(CultureInfo.InvariantCulture, $" table {Table}");

    public static PlannedRoute Of(RouteInfo route) =>
        new(new IpPrefix(IpPrefix.ToNumber(route.Destination), route.PrefixLength, InterfaceSteps.IsIPv4(route.Destination)), route.Table);

    /// <summary>Those that lead to an interface now by the main table.</summary>
    public static IEnumerable<PlannedRoute> Of(RouteNetlink netlink, int index) =>
        InterfaceState.AllRoutes(netlink, index).Select(Of).Where(route => route.Table == RouteNetlink.MainTable);

    public override string ToString() => $"{Prefix}{TableSuffix}";
}

/// <summary>Which inside prefixes get a route into the interface, where, and in which order. Pure.</summary>
/// <param name="Routes">Longest prefix first.</param>
/// <param name="DefaultIPv4">Whether everything goes into the tunnel, by a <see cref="DefaultRoute"/>.</param>
internal sealed record RoutePlan(IReadOnlyList<PlannedRoute> Routes, bool DefaultIPv4, bool DefaultIPv6)
{
    public bool HasDefault => DefaultIPv4 || DefaultIPv6;

    public bool Default(bool isIPv4) => isIPv4 ? DefaultIPv4 : DefaultIPv6;

    /// <summary>The plan of wg-quick(8).</summary>
    /// <param name="present">What routes of the interface in the main table lead to without a plan: those that came with its addresses.</param>
    public static RoutePlan Make(IReadOnlyList<IpPrefix> prefixes, TableChoice table, IReadOnlyCollection<IpPrefix> present)
    {
        if (table.IsOff)
        {
            return new RoutePlan([], DefaultIPv4: false, DefaultIPv6: false);
        }

        if (table.Number is { } number)
        {
            return new RoutePlan([.. prefixes.Select(prefix => new PlannedRoute(prefix, number))], DefaultIPv4: false, DefaultIPv6: false);
        }

        return new RoutePlan(
            [.. prefixes.Where(prefix => prefix.Length > 0 && !IsCovered(prefix, present)).Select(prefix => new PlannedRoute(prefix, RouteNetlink.MainTable))],
            prefixes.Any(prefix => prefix is { Length: 0, IsIPv4: true }),
            prefixes.Any(prefix => prefix is { Length: 0, IsIPv4: false }));
    }

    /// <summary>
    /// Everything a peer may own, longest prefix first as wg-quick(8) does: what it is allowed, and what it may learn, since
    /// packets for an address that is yet to be learned must reach the interface as well.
    /// </summary>
    public static IReadOnlyList<IpPrefix> Prefixes(DeviceUpdate update) => Ordered(update.Peers
        .SelectMany(peer => peer.AllowedIps.Concat(peer.LearnableIps))
        .Where(change => !change.Remove)
        .Select(change => change.Prefix));

    /// <summary>The same of a running device.</summary>
    public static IReadOnlyList<IpPrefix> Prefixes(DeviceSnapshot snapshot) =>
        Ordered(snapshot.Peers.SelectMany(peer => peer.AllowedIps.Concat(peer.LearnableIps)));

    /// <summary>Whether a route leads there already: that of the same or of a shorter prefix.</summary>
    public static bool IsCovered(IpPrefix prefix, IEnumerable<IpPrefix> present) => present.Any(route =>
        route.IsIPv4 == prefix.IsIPv4
        && route.Length <= prefix.Length
        && new IpPrefix(prefix.Address, route.Length, prefix.IsIPv4) == route);

    private static IReadOnlyList<IpPrefix> Ordered(IEnumerable<IpPrefix> prefixes) => [.. prefixes.Distinct().OrderByDescending(prefix => prefix.Length)];
}
