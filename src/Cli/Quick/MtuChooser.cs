using WgNet.Linux;
using WgNet.Udp;

namespace WgNet.Cli.Quick;

/// <summary>
/// The MTU of an interface whose file does not say: what the ways to all endpoints carry, less what WireGuard adds. wg-quick(8) takes
/// the widest way instead of the narrowest, which has the packets for the other peers fragmented.
/// </summary>
internal static class MtuChooser
{
    // IPv6 40, UDP 8, WireGuard 32.
    private const int Overhead = 80;
    private const int Ethernet = 1500;

    /// <param name="mark">The device's firewall mark: outside packets go where it leads them.</param>
    /// <param name="ownIndex">The interface itself: a way through it is none; 0 if it has no routes yet.</param>
    public static int Choose(RouteNetlink netlink, IEnumerable<Endpoint> endpoints, uint mark = 0, int ownIndex = 0)
    {
        int mtu = endpoints.Select(endpoint => MtuTo(netlink, endpoint, mark, ownIndex)).Where(found => found > 0).DefaultIfEmpty(0).Min();
        if (mtu == 0)
        {
            RouteInfo? route = netlink.Routes(isIPv4: true).FirstOrDefault(route => route.PrefixLength == 0 && route.Interface != ownIndex);
            mtu = route is null ? 0 : MtuOf(netlink, route);
        }

        return (mtu == 0 ? Ethernet : mtu) - Overhead;
    }

    /// <summary>What a way carries: its own MTU, or its interface's.</summary>
    public static int MtuOf(RouteNetlink netlink, RouteInfo route) =>
        route.Mtu != 0 ? route.Mtu : netlink.FindLink(route.Interface)?.Mtu ?? 0;

    // An endpoint that cannot be reached at this moment says nothing about the MTU.
    private static int MtuTo(RouteNetlink netlink, Endpoint endpoint, uint mark, int ownIndex)
    {
        try
        {
            RouteInfo route = netlink.GetRoute(endpoint.Address, mark);
            return route.Interface == ownIndex ? 0 : MtuOf(netlink, route);
        }
        catch (LinuxException)
        {
            return 0;
        }
    }
}
