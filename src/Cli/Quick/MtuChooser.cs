using WgNet.Device;
using WgNet.Linux;
using WgNet.Udp;

namespace WgNet.Cli.Quick;

/// <summary>The MTU that wg-quick(8) would choose: what the way to the endpoints carries, less what WireGuard adds.</summary>
internal static class MtuChooser
{
    // IPv6 40, UDP 8, WireGuard 32.
    private const int Overhead = 80;
    private const int Ethernet = 1500;

    public static int Choose(RouteNetlink netlink, DeviceUpdate update)
    {
        int mtu = 0;
        foreach (Endpoint endpoint in update.Peers.Select(peer => peer.Endpoint).OfType<Endpoint>())
        {
            mtu = Math.Max(mtu, MtuTo(netlink, endpoint));
        }

        if (mtu == 0)
        {
            RouteInfo? route = netlink.Routes(isIPv4: true).FirstOrDefault(route => route.PrefixLength == 0);
            mtu = route is null ? 0 : MtuOf(netlink, route);
        }

        return (mtu == 0 ? Ethernet : mtu) - Overhead;
    }

    // An endpoint that cannot be reached at this moment says nothing about the MTU.
    private static int MtuTo(RouteNetlink netlink, Endpoint endpoint)
    {
        try
        {
            return MtuOf(netlink, netlink.GetRoute(endpoint.Address));
        }
        catch (LinuxException)
        {
            return 0;
        }
    }

    private static int MtuOf(RouteNetlink netlink, RouteInfo route) =>
        route.Mtu != 0 ? route.Mtu : netlink.FindLink(route.Interface)?.Mtu ?? 0;
}
