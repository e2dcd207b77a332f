using System.Net;
using WgNet.Linux;
using Xunit;

namespace WgNet.Unit.Linux;

public sealed class RouteNetlinkTests
{
    [Fact]
    public void Links_UpDownMtuDelete_AreWhatTheKernelThenReports() => InNetworkWithLink((netlink, link) =>
    {
        Assert.False(link.IsUp);
        netlink.SetLinkUp(link.Index);
        netlink.SetMtu(link.Index, 1380);
        Assert.Equal(link with { IsUp = true, Mtu = 1380 }, netlink.FindLink("wg0"));
        netlink.SetLinkDown(link.Index);
        Assert.False(netlink.FindLink(link.Index)!.IsUp);
        netlink.DeleteLink(link.Index);
        Assert.Null(netlink.FindLink("wg0"));
        Assert.Null(netlink.FindLink(link.Index));
    });

    [Fact]
    public void Links_OfANetwork_AreAllThereWithTheirKind() => InNetworkWithLink((netlink, link) =>
    {
        Assert.Equal([("lo", ""), ("wg0", "veth")], netlink.Links().Select(one => (one.Name, one.Kind)).Where(one => one.Name is "lo" or "wg0"));
        Assert.Equal("veth", netlink.FindLink(link.Index)!.Kind);
    });

    /// <summary>A kernel without WireGuard cannot be asked for one: what such a kernel sends, byte by byte.</summary>
    [Fact]
    public void ReadLink_OfAKernelsWireGuardInterface_HasItsKind()
    {
        byte[] message =
        [
            0, 0, 0xfe, 0xff, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,   // ifinfomsg: ARPHRD_NONE, index 9, IFF_UP
            8, 0, 3, 0, (byte)'w', (byte)'g', (byte)'1', 0,         // IFLA_IFNAME
            8, 0, 4, 0, 0x8c, 5, 0, 0,                              // IFLA_MTU 1420
            20, 0, 18, 0, 14, 0, 1, 0, .. "wireguard\0"u8, 0, 0,    // IFLA_LINKINFO { IFLA_INFO_KIND }
        ];
        Assert.Equal(new LinkInfo(9, "wg1", 1420, IsUp: true, "wireguard"), RouteNetlink.ReadLink(message));
    }

    [Fact]
    public void DeleteLink_Unknown_ThrowsErrno() => InNetworkWithLink((netlink, _) =>
        Assert.Equal(Errno.ENODEV, Assert.Throws<LinuxException>(() => netlink.DeleteLink(9999)).Errno));

    [Fact]
    public void AddRoute_KernelExplainsRefusal_MessageSaysWhy() => InNetworkWithLink((netlink, link) =>
    {
        // The interface is down, and the kernel says so in words of its own.
        LinuxException e = Assert.Throws<LinuxException>(() => netlink.AddRoute(IPAddress.Parse("10.0.0.0"), 8, link.Index));
        Assert.Equal(Errno.ENETDOWN, e.Errno);
        Assert.Contains("10.0.0.0/8", e.Message, StringComparison.Ordinal);
        Assert.Contains("Device for nexthop is not up", e.Message, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("10.1.2.3", 24, "10.1.2.3/24")]
    [InlineData("2001:db8::5", 64, "2001:db8::5/64")]
    [InlineData("fe80::5", 64, "fe80::5/64 scope link")]
    public void AddAddress_EitherFamily_IsThereAndGoesAgain(string address, int prefixLength, string shown) => InNetworkWithLink((netlink, link) =>
    {
        netlink.AddAddress(link.Index, IPAddress.Parse(address), prefixLength);
        Assert.Contains(shown, PrivateNetwork.Ip("address show dev wg0"), StringComparison.Ordinal);
        Assert.Equal(Errno.EEXIST, Assert.Throws<LinuxException>(() => netlink.AddAddress(link.Index, IPAddress.Parse(address), prefixLength)).Errno);
        netlink.DeleteAddress(link.Index, IPAddress.Parse(address), prefixLength);
        Assert.DoesNotContain(address + "/", PrivateNetwork.Ip("address show dev wg0"), StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("10.9.0.0", 16, 254u)]
    [InlineData("0.0.0.0", 0, 51820u)]
    [InlineData("2001:db8:9::", 48, 254u)]
    [InlineData("::", 0, 51820u)]
    public void AddRoute_AnyTable_IsDumpedAndDeleted(string destination, int prefixLength, uint table) => InNetworkWithLink((netlink, link) =>
    {
        IPAddress address = IPAddress.Parse(destination);
        bool isIPv4 = address.GetAddressBytes().Length == 4;
        netlink.SetLinkUp(link.Index);
        netlink.AddRoute(address, prefixLength, link.Index, table);
        RouteInfo route = Assert.Single(netlink.Routes(isIPv4, table), route => route.PrefixLength == prefixLength);
        Assert.Equal(new RouteInfo(address, prefixLength, table, link.Index, null, null, 0) { IsByHand = true, IsUnicast = true }, route);
        Assert.Equal(Errno.EEXIST, Assert.Throws<LinuxException>(() => netlink.AddRoute(address, prefixLength, link.Index, table)).Errno);
        netlink.DeleteRoute(address, prefixLength, link.Index, table);
        Assert.DoesNotContain(netlink.Routes(isIPv4, table), route => route.PrefixLength == prefixLength);
    });

    [Fact]
    public void GetRoute_RouteWithMtuGatewayAndSource_SaysThemAll() => InNetworkWithLink((netlink, link) =>
    {
        netlink.SetLinkUp(link.Index);
        netlink.AddAddress(link.Index, IPAddress.Parse("192.0.2.2"), 24);
        PrivateNetwork.Ip("route add 198.51.100.0/24 via 192.0.2.1 mtu 1300");
        RouteInfo route = netlink.GetRoute(IPAddress.Parse("198.51.100.7"));
        Assert.Equal((link.Index, 1300, "192.0.2.1", "192.0.2.2"), (route.Interface, route.Mtu, $"{route.Gateway}", $"{route.Source}"));
    });

    [Theory]
    [InlineData("203.0.113.1")]
    [InlineData("2001:db8:f::1")]
    public void GetRoute_NoRoute_ThrowsUnreachable(string destination) => InNetworkWithLink((netlink, _) =>
        Assert.Equal(Errno.ENETUNREACH, Assert.Throws<LinuxException>(() => netlink.GetRoute(IPAddress.Parse(destination))).Errno));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void GetRoute_MarkWithPolicyRule_FollowsIt(bool isIPv4) => InNetworkWithLink((netlink, link) =>
    {
        IPAddress any = isIPv4 ? IPAddress.Any : IPAddress.IPv6Any;
        IPAddress destination = IPAddress.Parse(isIPv4 ? "203.0.113.1" : "2001:db8:f::1");
        int other = PrivateNetwork.AddLink("wg1");
        netlink.SetLinkUp(link.Index);
        netlink.SetLinkUp(other);
        netlink.AddRoute(any, 0, link.Index);
        netlink.AddRoute(any, 0, other, table: 1000);
        netlink.AddRule(new PolicyRule(isIPv4, Table: 1000, Mark: 7));
        Assert.Equal(link.Index, netlink.GetRoute(destination).Interface);
        Assert.Equal(other, netlink.GetRoute(destination, mark: 7).Interface);
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rules_ThoseOfWgQuick_AreAddedListedAndDeleted(bool isIPv4) => InNetworkWithLink((netlink, _) =>
    {
        PolicyRule[] before = [.. netlink.Rules(isIPv4)];
        var unmarked = new PolicyRule(isIPv4, Table: 51820, Mark: 51820, Not: true);
        var suppressed = new PolicyRule(isIPv4, RouteNetlink.MainTable, SuppressPrefixLength: 0);
        netlink.AddRule(unmarked);
        netlink.AddRule(suppressed);

        string shown = PrivateNetwork.Ip(isIPv4 ? "-4 rule show" : "-6 rule show");
        Assert.Contains("not from all fwmark 0xca6c lookup 51820", shown, StringComparison.Ordinal);
        Assert.Contains("from all lookup main suppress_prefixlength 0", shown, StringComparison.Ordinal);
        PolicyRule[] now = [.. netlink.Rules(isIPv4).Select(rule => rule with { Priority = null })];
        Assert.Contains(unmarked, now);
        Assert.Contains(suppressed, now);

        netlink.DeleteRule(unmarked);
        netlink.DeleteRule(suppressed);
        Assert.Equal(before, netlink.Rules(isIPv4));
        Assert.Equal(Errno.ENOENT, Assert.Throws<LinuxException>(() => netlink.DeleteRule(unmarked)).Errno);
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RoutesOf_TwoInterfaces_AreThoseOfOneInEveryTable(bool isIPv4) => InNetworkWithLink((netlink, link) =>
    {
        int other = PrivateNetwork.AddLink("wg1");
        netlink.SetLinkUp(link.Index);
        netlink.SetLinkUp(other);
        IPAddress destination = IPAddress.Parse(isIPv4 ? "10.9.0.0" : "fd09::");
        netlink.AddRoute(destination, 16, link.Index);
        netlink.AddRoute(destination, 16, link.Index, table: 1234);
        netlink.AddRoute(destination, 20, other);
        netlink.AddAddress(link.Index, IPAddress.Parse(isIPv4 ? "10.1.0.1" : "fd01::1"), 24);

        RouteInfo[] routes = [.. netlink.RoutesOf(link.Index, isIPv4)];

        Assert.All(routes, route => Assert.True(route.IsUnicast && route.Interface == link.Index));
        Assert.Equal([RouteNetlink.MainTable, 1234u], routes.Where(route => route.IsByHand && route.PrefixLength == 16).Select(route => route.Table).Order());
        Assert.DoesNotContain(routes, route => route.PrefixLength == 20);
        Assert.False(Assert.Single(routes, route => route.PrefixLength == 24).IsByHand);
    });

    [Fact]
    public void Addresses_GivenAndMadeByTheKernel_AreToldApart() => InNetworkWithLink((netlink, link) =>
    {
        netlink.SetLinkUp(link.Index);
        netlink.AddAddress(link.Index, IPAddress.Parse("10.0.0.1"), 24);
        netlink.AddAddress(link.Index, IPAddress.Parse("fe80::5"), 64);
        PrivateNetwork.Ip("address add 2001:db8::9/64 dev wg0 valid_lft 100 preferred_lft 100");

        IReadOnlyList<AddressInfo> addresses = netlink.Addresses(link.Index);

        Assert.Equal(
            ["10.0.0.1/24", "fe80::5/64"],
            addresses.Where(address => address is { IsPermanent: true, IsAutomatic: false }).Select(address => $"{address.Address}/{address.PrefixLength}").Order(StringComparer.Ordinal));
        Assert.False(Assert.Single(addresses, address => address.Address.ToString() == "2001:db8::9").IsPermanent);
        Assert.Single(addresses, address => address is { IsAutomatic: true, Address.IsIPv6LinkLocal: true });
        Assert.DoesNotContain(addresses, address => IPAddress.IsLoopback(address.Address));
    });

    [Fact]
    public void Routes_MoreThanOneDatagramOfThem_AreAllThere() => InNetworkWithLink((netlink, link) =>
    {
        netlink.SetLinkUp(link.Index);
        for (int i = 0; i < 2000; i++)
        {
            netlink.AddRoute(new IPAddress([10, (byte)(i >> 8), (byte)i, 0]), 24, link.Index);
        }

        Assert.Equal(2000, netlink.Routes(isIPv4: true).Count);
    });

    private static void InNetworkWithLink(Action<RouteNetlink, LinkInfo> test) => PrivateNetwork.Run(() =>
    {
        PrivateNetwork.AddLink("wg0");
        using var netlink = new RouteNetlink();
        test(netlink, netlink.FindLink("wg0")!);
    });
}
