using System.Globalization;
using System.Net;
using System.Net.Sockets;
using WgNet.Linux;
using WgNet.Routing;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>The steps around the tunnel, each said before it is done and each with what undoes it: what <c>up</c> and <c>reload</c> share.</summary>
internal sealed class InterfaceSteps(RouteNetlink netlink, string name, int index, Narrator narrator, UndoStack undo)
{
    private readonly DefaultRoute _defaultRoute = new(netlink, name, narrator);
    private readonly Firewall _firewall = new(name, narrator);

    public static string Family(bool isIPv4) => isIPv4 ? "-4" : "-6";

    public static bool IsIPv4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork;

    public void AddAddress(InterfaceAddress address) =>
        narrator.Do($"ip {Family(IsIPv4(address.Address))} address add {address} dev {name}", () => netlink.AddAddress(index, address.Address, address.PrefixLength));

    /// <summary>
    /// Takes addresses away so that the others of their subnets stay: otherwise the kernel, which calls the first of a subnet its
    /// primary, takes them all with that one and, with the last of the interface, its IPv4 routes.
    /// </summary>
    public void RemoveAddresses(IReadOnlyCollection<InterfaceAddress> addresses)
    {
        if (addresses.Count == 0)
        {
            return;
        }

        string promote = $"/proc/sys/net/ipv4/conf/{name}/promote_secondaries";
        string before = File.ReadAllText(promote);
        File.WriteAllText(promote, "1");
        try
        {
            foreach (InterfaceAddress address in addresses)
            {
                narrator.Do($"ip {Family(IsIPv4(address.Address))} address delete {address} dev {name}", () => netlink.DeleteAddress(index, address.Address, address.PrefixLength));
            }
        }
        finally
        {
            File.WriteAllText(promote, before);
        }
    }

    public void SetMtu(int mtu, int before, bool up = false)
    {
        narrator.Do(string.Create(CultureInfo.InvariantCulture, $"ip link set mtu {mtu} {(up ? "up " : "")}dev {name}"), () => netlink.SetMtu(index, mtu));
        undo.Push(() => netlink.SetMtu(index, before));
        if (up)
        {
            netlink.SetLinkUp(index);
        }
    }

    public void AddRoute(PlannedRoute route) => narrator.Do($"ip {Family(route.Prefix.IsIPv4)} route add {route.Prefix} dev {name}{route.TableSuffix}", () =>
    {
        netlink.AddRoute(Address(route.Prefix), route.Prefix.Length, index, route.Table);
        undo.Push(() => netlink.DeleteRoute(Address(route.Prefix), route.Prefix.Length, index, route.Table));
    });

    public void RemoveRoute(PlannedRoute route) => narrator.Do($"ip {Family(route.Prefix.IsIPv4)} route delete {route.Prefix} dev {name}{route.TableSuffix}", () =>
    {
        netlink.DeleteRoute(Address(route.Prefix), route.Prefix.Length, index, route.Table);
        undo.Push(() => netlink.AddRoute(Address(route.Prefix), route.Prefix.Length, index, route.Table));
    });

    public void SetMark(uint mark, uint before) => _defaultRoute.SetMark(mark, before, undo);

    public void AddDefaultRoute(bool isIPv4, uint mark)
    {
        AddRoute(DefaultRoute.Route(isIPv4, mark));
        _defaultRoute.AddRules(isIPv4, mark, undo);
    }

    public void RemoveDefaultRoute(bool isIPv4, uint mark)
    {
        _defaultRoute.RemoveRules(isIPv4, mark, undo);
        RemoveRoute(DefaultRoute.Route(isIPv4, mark));
    }

    /// <param name="before">The mark and addresses for which the family has rules already; null if it has none.</param>
    public void SetFirewall(bool isIPv4, uint mark, (uint Mark, IPAddress[] Addresses)? before = null)
    {
        undo.Push(() => RestoreFirewall(isIPv4, before));
        _firewall.Set(isIPv4, mark, OwnAddresses());
    }

    public void RemoveFirewall(bool isIPv4, (uint Mark, IPAddress[] Addresses) before)
    {
        undo.Push(() => RestoreFirewall(isIPv4, before));
        _firewall.Remove(isIPv4);
    }

    /// <summary>Makes the addresses what they were if something fails from now on.</summary>
    public void KeepAddressesOnFailure()
    {
        InterfaceAddress[] before = [.. InterfaceState.GivenAddresses(netlink, index)];
        undo.Push(() =>
        {
            InterfaceAddress[] there = [.. InterfaceState.GivenAddresses(netlink, index)];
            // In their order, all of IPv4 or none: the first of a subnet is its primary, which packets are sent from.
            bool sameIPv4 = before.Where(IsIPv4).SequenceEqual(there.Where(IsIPv4));
            InterfaceAddress[] kept = [.. before.Intersect(there).Where(address => sameIPv4 || !IsIPv4(address))];
            foreach (InterfaceAddress address in there.Except(kept).Reverse())
            {
                netlink.DeleteAddress(index, address.Address, address.PrefixLength);
            }

            foreach (InterfaceAddress address in before.Except(kept))
            {
                netlink.AddAddress(index, address.Address, address.PrefixLength);
            }
        });
    }

    /// <summary>Adds what is missing of routes that were there, if something fails from now on.</summary>
    public void KeepRoutesOnFailure()
    {
        PlannedRoute[] before = [.. InterfaceState.RoutesByHand(netlink, index)];
        undo.Push(() =>
        {
            foreach (PlannedRoute route in before.Except(InterfaceState.RoutesByHand(netlink, index)))
            {
                netlink.AddRoute(Address(route.Prefix), route.Prefix.Length, index, route.Table);
            }
        });
    }

    /// <summary>All that the kernel has for the interface, its own link-local one too.</summary>
    public IPAddress[] OwnAddresses() => [.. netlink.Addresses(index).Select(address => address.Address)];

    private static bool IsIPv4(InterfaceAddress address) => IsIPv4(address.Address);

    private static IPAddress Address(IpPrefix prefix) => IpPrefix.ToAddress(prefix.Address, prefix.IsIPv4);

    private void RestoreFirewall(bool isIPv4, (uint Mark, IPAddress[] Addresses)? before)
    {
        if (before is { } rules)
        {
            _firewall.Set(isIPv4, rules.Mark, rules.Addresses);
        }
        else
        {
            _firewall.Remove(isIPv4);
        }
    }
}
