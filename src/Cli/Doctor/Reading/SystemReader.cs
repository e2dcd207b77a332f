using System.Globalization;
using System.Net;
using WgNet.Cli.Quick;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Udp;

namespace WgNet.Cli.Doctor;

/// <summary>Reads what is around an interface: /proc, routes, the resolver, the firewall.</summary>
internal static class SystemReader
{
    // A gateway may have thousands of peers; ways that differ are few.
    private const int MostEndpoints = 256, MostNames = 32;

    private const string StateDirectory = "/var/lib/wgnet";

    // How far WgNet's note of the last handshake may be ahead of it, in seconds.
    private const int TimestampAhead = 600;

    private static readonly TimeSpan ResolverPatience = TimeSpan.FromSeconds(3);

    // Of no host, and beyond every network that is near.
    private static readonly IPAddress FarIPv4 = IPAddress.Parse("192.0.0.9"), FarIPv6 = IPAddress.Parse("2000::1");

    public static SystemFacts Read(RouteNetlink netlink, Facts facts)
    {
        List<(string, string)> unresolved = [];
        List<Endpoint> endpoints = [.. (facts.Current?.Peers ?? []).Select(peer => peer.Endpoint).OfType<Endpoint>(), .. Resolve(facts, unresolved)];
        uint mark = facts.Device?.Tunnel.Mark ?? 0;
        (NftRuleset? ruleset, string missing) = ReadRuleset();
        return new SystemFacts
        {
            Sysctl = ReadSysctl,
            UpstreamIPv4 = Upstream(netlink, FarIPv4, mark),
            UpstreamIPv6 = Upstream(netlink, FarIPv6, mark),
            AddressedByRouters = AddressedByRouters(TextFile.Read("/proc/thread-self/net/if_inet6") ?? ""),
            OutsideRoutes = facts.Link is not null ? [] : [.. endpoints.Select(endpoint => endpoint.IsIPv4).Distinct().SelectMany(isIPv4 => netlink.Routes(isIPv4)).Select(PlannedRoute.Of).Select(route => route.Prefix)],
            Paths = [.. endpoints.DistinctBy(endpoint => endpoint.Address).Take(MostEndpoints).Select(endpoint => PathTo(netlink, endpoint, mark, facts.Link))],
            Unresolved = unresolved,
            Port = ReadPort(facts.Device?.Tunnel.ListenPort ?? facts.File?.Tunnel?.ListenPort ?? 0),
            Ruleset = ruleset,
            RulesetMissing = missing,
            Advertisers = facts.Learns ? AdvertiserReader.Read(facts.Name) : [],
            Now = Clock.WallTime / 1_000_000_000,
            LatestRun = LatestRun(facts),
            HasTunDevice = File.Exists("/dev/net/tun"),
            HasSodium = Sodium.TryInitialize(),
            HasUdpOffload = HasUdpOffload(),
            IsRoot = Environment.IsPrivilegedProcess,
        };
    }

    /// <summary>Interfaces in a /proc/net/if_inet6 that have a global address that ends.</summary>
    //  20010db8000100000000000000000001 04 40 00 80 wg0:  address | index | prefix length | scope (00 global) | flags (80 permanent) | name
    internal static IReadOnlyList<string> AddressedByRouters(string addresses) =>
    [
        .. addresses.Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length == 6 && words[3] == "00" && int.TryParse(words[4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int flags) && (flags & 0x80) == 0)
            .Select(words => words[5])
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>The inodes of the sockets in a /proc/net/udp or udp6 that are bound to a port.</summary>
    //  sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …:  the port is behind the colon, in hexadecimal
    internal static IEnumerable<ulong> SocketsAt(string sockets, int port)
    {
        string end = string.Create(CultureInfo.InvariantCulture, $":{port:X4}");
        foreach (string line in sockets.Split('\n'))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 9 && words[1].EndsWith(end, StringComparison.Ordinal) && ulong.TryParse(words[9], NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode))
            {
                yield return inode;
            }
        }
    }

    private static int? ReadSysctl(string path) =>
        int.TryParse(TextFile.Read("/proc/sys/" + path, most: 64), NumberStyles.AllowLeadingSign | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out int value) ? value : null;

    private static string? Upstream(RouteNetlink netlink, IPAddress far, uint mark)
    {
        try
        {
            return netlink.FindLink(netlink.GetRoute(far, mark).Interface)?.Name;
        }
        catch (LinuxException)
        {
            return null;
        }
    }

    private static PathFacts PathTo(RouteNetlink netlink, Endpoint endpoint, uint mark, LinkFacts? link)
    {
        try
        {
            RouteInfo route = netlink.GetRoute(endpoint.Address, mark);
            return new PathFacts(endpoint, MtuChooser.MtuOf(netlink, route), link is not null && route.Interface == link.Link.Index);
        }
        catch (LinuxException)
        {
            return new PathFacts(endpoint, Mtu: 0, IsThroughTunnel: false);
        }
    }

    private static List<Endpoint> Resolve(Facts facts, List<(string Name, string Reason)> unresolved)
    {
        List<Endpoint> endpoints = [];
        string[] names = [.. (facts.File?.Tunnel?.Peers ?? []).Select(peer => peer.EndpointName).OfType<string>().Distinct(StringComparer.Ordinal).Take(MostNames)];

        // As the device does, and each on a thread of its own, so that one that hangs keeps none from its answer.
        (string Name, Task<(IPAddress[] Addresses, string Reason)> Answer)[] questions =
            [.. names.Select(name => (name, Task.Factory.StartNew(() => LookUp(name), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)))];
        _ = Task.WaitAny(Task.WhenAll(questions.Select(question => question.Answer)), Task.Delay(ResolverPatience));
        foreach ((string name, Task<(IPAddress[] Addresses, string Reason)> answer) in questions)
        {
            if (answer.IsCompletedSuccessfully && answer.Result.Addresses.Length > 0)
            {
                endpoints.Add(new Endpoint(answer.Result.Addresses[0], port: 0));
            }
            else
            {
                unresolved.Add((name, answer.IsCompletedSuccessfully ? answer.Result.Reason : "no answer in three seconds"));
            }
        }

        return endpoints;
    }

    private static (IPAddress[] Addresses, string Reason) LookUp(string endpoint)
    {
        _ = EndpointName.TrySplit(endpoint, out ReadOnlySpan<char> host, out _);
        _ = NameLookup.TryResolve(Dns.GetHostAddresses, host.ToString(), out IPAddress[] addresses, out string reason);
        return (addresses, reason);
    }

    private static PortFacts? ReadPort(int port)
    {
        if (port == 0)
        {
            return null;
        }

        const int most = 64 << 20;
        ulong[] inodes = [.. SocketsAt(TextFile.Read("/proc/thread-self/net/udp", most) ?? "", port), .. SocketsAt(TextFile.Read("/proc/thread-self/net/udp6", most) ?? "", port)];
        return new PortFacts(port, inodes.Length > 0, ProcessTable.SocketHolders(inodes));
    }

    private static (NftRuleset? Ruleset, string Missing) ReadRuleset()
    {
        if (ExternalCommand.Find("nft") is not { } nft)
        {
            return (null, "nft is not installed, so that the firewall cannot be read");
        }

        if (!Environment.IsPrivilegedProcess)
        {
            return (null, "only root can read the firewall");
        }

        // Without the elements of named sets, which can be many: a packet may always be in one.
        return (NftRuleset.Parse(ExternalCommand.Capture(nft, ["-j", "-t", "list", "ruleset"])), "nft does not say what the firewall is");
    }

    private static long LatestRun(Facts facts)
    {
        string text = TextFile.Read($"{StateDirectory}/{facts.Name}.timestamp", most: 64)?.Trim() ?? "";
        long noted = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long stamp) ? (stamp / 1_000_000_000) - TimestampAhead : 0;
        return (facts.Device?.Tunnel.Peers ?? []).Select(peer => peer.LatestHandshake).Append(noted).Max();
    }

    // On sockets that are bound to nothing and gone at once.
    private static bool HasUdpOffload()
    {
        try
        {
            using var socket = DatagramSocket.Open(isIPv4: true);
            return socket.TryGetOption(ControlMessage.SOL_UDP, ControlMessage.UDP_SEGMENT, out _) && socket.TrySetOption(ControlMessage.SOL_UDP, ControlMessage.UDP_GRO, 1) == 0;
        }
        catch (LinuxException e) when (e.Errno == Errno.EAFNOSUPPORT)
        {
            return true;
        }
    }
}
