using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>A route, out of a table or as the answer to where a packet would go.</summary>
/// <param name="Destination">The prefix's address.</param>
/// <param name="Interface">Index of the interface it leads to; 0 for none (blackhole, several next hops).</param>
/// <param name="Mtu">The route's own MTU, 0 if it has none: then the interface's counts.</param>
/// <param name="Source">The address that the kernel would send from, if it says so.</param>
public sealed record RouteInfo(IPAddress Destination, int PrefixLength, uint Table, int Interface, IPAddress? Gateway, IPAddress? Source, int Mtu)
{
    /// <summary>Added by <see cref="RouteNetlink.AddRoute"/>, <c>ip route add</c> or their like, not by the kernel or a routing daemon.</summary>
    public bool IsByHand { get; init; }

    /// <summary>Leads somewhere: not a host's own address, not multicast, not a black hole.</summary>
    public bool IsUnicast { get; init; }
}

public sealed partial class RouteNetlink
{
    /// <summary>The table of everyday routes, <c>main</c>.</summary>
    public const uint MainTable = 254;

    private const ushort RTM_NEWROUTE = 24, RTM_DELROUTE = 25, RTM_GETROUTE = 26;
    private const ushort RTA_DST = 1, RTA_SRC = 2, RTA_OIF = 4, RTA_GATEWAY = 5, RTA_PREFSRC = 7, RTA_METRICS = 8, RTA_TABLE = 15, RTA_MARK = 16, RTAX_MTU = 2;
    private const byte RTPROT_BOOT = 3, RTN_UNICAST = 1, RT_TABLE_COMPAT = 252;
    private const uint RTM_F_CLONED = 0x200, RTM_F_LOOKUP_TABLE = 0x1000;

    /// <summary>A route to a prefix straight into an interface. EEXIST if there is one to that prefix already.</summary>
    public void AddRoute(IPAddress destination, int prefixLength, int index, uint table = MainTable) =>
        Change(RouteTo(RTM_NEWROUTE, Rtnetlink.NLM_F_CREATE | Rtnetlink.NLM_F_EXCL, destination, prefixLength, index, table), "RTM_NEWROUTE", $"{destination}/{prefixLength}, interface {index}, table {table}");

    public void DeleteRoute(IPAddress destination, int prefixLength, int index, uint table = MainTable) =>
        Change(RouteTo(RTM_DELROUTE, 0, destination, prefixLength, index, table), "RTM_DELROUTE", $"{destination}/{prefixLength}, interface {index}, table {table}");

    /// <summary>All routes of a table, cached ones left out.</summary>
    public IReadOnlyList<RouteInfo> Routes(bool isIPv4, uint table = MainTable) => AllRoutes(isIPv4).FindAll(route => route.Table == table);

    /// <summary>The unicast routes of all tables that lead to an interface. The kernel leaves out the others, of which there may be a million.</summary>
    public IReadOnlyList<RouteInfo> RoutesOf(int index, bool isIPv4) => AllRoutes(isIPv4, index).FindAll(route => route.Interface == index && route.IsUnicast);

    /// <summary>
    /// Where a packet would go now (<c>ip route get</c>). Throws what sending it would: ENETUNREACH and its like,
    /// EINVAL for an IPv4 <paramref name="source"/> that is not this host's.
    /// </summary>
    public RouteInfo GetRoute(IPAddress destination, uint mark = 0, IPAddress? source = null)
    {
        ArgumentNullException.ThrowIfNull(destination);
        bool isIPv4 = destination.AddressFamily == AddressFamily.InterNetwork;
        byte bits = (byte)(isIPv4 ? 32 : 128);
        var body = new RouteMessage
        {
            Family = NetlinkRequest.Family(isIPv4),
            DestinationLength = bits,
            SourceLength = source is null ? (byte)0 : bits,
            // IPv6 says the table unasked, and refuses to be asked.
            Flags = isIPv4 ? RTM_F_LOOKUP_TABLE : 0,
        };
        NetlinkRequest request = new NetlinkRequest(RTM_GETROUTE, Rtnetlink.NLM_F_ACK).Body(in body).Attribute(RTA_DST, destination);
        _ = source is null ? request : request.Attribute(RTA_SRC, source);
        _ = mark == 0 ? request : request.Attribute(RTA_MARK, mark);
        _ = isIPv4 || destination.ScopeId == 0 ? request : request.Attribute(RTA_OIF, (uint)destination.ScopeId);
        string subject = source is null ? $"{destination}" : $"{destination} from {source}";
        RouteInfo? found = null;
        Exchange(request, "RTM_GETROUTE", subject, (type, payload) =>
        {
            if (type == RTM_NEWROUTE)
            {
                found = ReadRoute(payload, isIPv4, withCached: true);
            }
        });
        return found ?? throw new LinuxException("RTM_GETROUTE", subject, Errno.ENETUNREACH);
    }

    // All that a kernel before 4.20 has, even if an index is given.
    private List<RouteInfo> AllRoutes(bool isIPv4, int index = 0)
    {
        var body = new RouteMessage { Family = NetlinkRequest.Family(isIPv4) };
        NetlinkRequest request = new NetlinkRequest(RTM_GETROUTE, Rtnetlink.NLM_F_DUMP).Body(in body);
        _ = index == 0 ? request : request.Attribute(RTA_OIF, (uint)index);
        return Dump(request, "RTM_GETROUTE", bytes => ReadRoute(bytes, isIPv4));
    }

    private static NetlinkRequest RouteTo(ushort type, ushort flags, IPAddress destination, int prefixLength, int index, uint table)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var body = new RouteMessage
        {
            Family = NetlinkRequest.Family(destination),
            DestinationLength = (byte)prefixLength,
            Table = table <= byte.MaxValue ? (byte)table : RT_TABLE_COMPAT,
            Protocol = RTPROT_BOOT,
            Scope = destination.AddressFamily == AddressFamily.InterNetwork ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
            Type = RTN_UNICAST,
        };
        return new NetlinkRequest(type, (ushort)(flags | Rtnetlink.NLM_F_ACK))
            .Body(in body)
            .Attribute(RTA_DST, destination)
            .Attribute(RTA_OIF, (uint)index)
            .Attribute(RTA_TABLE, table);
    }

    private static RouteInfo? ReadRoute(ReadOnlySpan<byte> payload, bool isIPv4, bool withCached = false)
    {
        if (payload.Length < RouteMessage.Size)
        {
            return null;
        }

        RouteMessage body = MemoryMarshal.Read<RouteMessage>(payload);
        if (body.Family != NetlinkRequest.Family(isIPv4) || (!withCached && (body.Flags & RTM_F_CLONED) != 0))
        {
            return null;
        }

        var route = new RouteInfo(isIPv4 ? IPAddress.Any : IPAddress.IPv6Any, body.DestinationLength, body.Table, 0, null, null, 0)
        {
            IsByHand = body.Protocol == RTPROT_BOOT,
            IsUnicast = body.Type == RTN_UNICAST,
        };
        var attributes = new NetlinkAttributes(payload[RouteMessage.Size..]);
        while (attributes.MoveNext())
        {
            route = With(route, attributes.Type, attributes.Value);
        }

        return route;
    }

    private static RouteInfo With(RouteInfo route, ushort type, ReadOnlySpan<byte> value) => type switch
    {
        RTA_DST when IsAddress(value) => route with { Destination = new IPAddress(value) },
        RTA_GATEWAY when IsAddress(value) => route with { Gateway = new IPAddress(value) },
        RTA_PREFSRC when IsAddress(value) => route with { Source = new IPAddress(value) },
        RTA_OIF when value.Length >= sizeof(int) => route with { Interface = MemoryMarshal.Read<int>(value) },
        RTA_TABLE when value.Length >= sizeof(int) => route with { Table = MemoryMarshal.Read<uint>(value) },
        RTA_METRICS => route with { Mtu = ReadMtu(value) },
        _ => route,
    };

    private static int ReadMtu(ReadOnlySpan<byte> metrics)
    {
        var attributes = new NetlinkAttributes(metrics);
        while (attributes.MoveNext())
        {
            if (attributes.Type == RTAX_MTU && attributes.Value.Length >= sizeof(int))
            {
                return MemoryMarshal.Read<int>(attributes.Value);
            }
        }

        return 0;
    }

    private static bool IsAddress(ReadOnlySpan<byte> value) => value.Length is 4 or 16;
}
