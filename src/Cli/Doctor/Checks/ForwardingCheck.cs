namespace WgNet.Cli.Doctor;

/// <summary>
/// A gateway forwards. The kernel forwards IPv6 that comes in on an interface if <c>all.forwarding</c> is set, or, since Linux 6.17, that
/// interface's <c>force_forwarding</c>, which leaves the others' router advertisements alone; IPv4 if that interface's <c>forwarding</c> is.
/// </summary>
internal static class ForwardingCheck
{
    private const string Why = "clients reach this machine alone, not each other and nothing behind it";

    public static readonly Check Check = new("forwarding", "packets of the tunnel are forwarded", Examine) { IsOfNetwork = true };

    /// <summary>Whether clients have inside addresses of the family, which are to reach more than this machine.</summary>
    public static bool IsNeeded(Facts facts, bool isIPv4) => facts.IsGateway && (isIPv4 || !facts.Learns
        ? facts.File?.Tunnel is { } tunnel && tunnel.Peers.Any(peer => !peer.HasEndpoint && peer.AllowedIps.Any(prefix => prefix.IsIPv4 == isIPv4 && prefix.IsGlobal()))
        : facts.Learns);

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        if (!IsNeeded(facts, isIPv4: false) && !IsNeeded(facts, isIPv4: true))
        {
            yield return Finding.Skip("forwarding", "no peer comes to this machine to reach others");
            yield break;
        }

        if (IsNeeded(facts, isIPv4: false) && IPv6(facts) is { } ipv6)
        {
            yield return ipv6;
        }

        if (IsNeeded(facts, isIPv4: true) && Interfaces(facts, facts.System.UpstreamIPv4).Any(name => facts.Sysctl4(facts.Link is null && name == facts.Name ? "default" : name, "forwarding") == 0))
        {
            yield return Finding.Warn("ipv4-not-forwarded", "IPv4 forwarding is off", Why, Mend.Sysctl("net/ipv4/ip_forward", 1));
        }
    }

    private static Finding? IPv6(Facts facts)
    {
        string[] deaf = facts.Sysctl6("all", "forwarding") != 0 ? [] : [.. Interfaces(facts, facts.System.UpstreamIPv6).Where(name => !IsForced(facts, name))];
        if (deaf.Length == 0)
        {
            return null;
        }

        string what = $"IPv6 that comes in on {string.Join(" and ", deaf)} is not forwarded";
        Mend[] mends = facts.Sysctl6("default", "force_forwarding") is null ? ForAll(facts) : ForInterfaces(facts, deaf);
        return facts.Learns ? Finding.Error("ipv6-not-forwarded", what, Why, mends) : Finding.Warn("ipv6-not-forwarded", what, Why, mends);
    }

    // The whole machine becomes a router, and an interface that lives by router advertisements must be told to go on.
    private static Mend[] ForAll(Facts facts) =>
    [
        .. facts.System.AddressedByRouters.Where(name => facts.Sysctl6(name, "accept_ra") == 1).Select(name => Mend.Sysctl($"net/ipv6/conf/{name}/accept_ra", 2)),
        Mend.Sysctl("net/ipv6/conf/all/forwarding", 1),
    ];

    // What the tunnel's own interface is told is forgotten with it, so that the file has to say it.
    private static Mend[] ForInterfaces(Facts facts, string[] deaf) =>
    [
        .. deaf.Where(name => facts.Link is not null || name != facts.Name).Select(name => Mend.Sysctl($"net/ipv6/conf/{name}/force_forwarding", 1)),
        .. facts.File is { } file && deaf.Contains(facts.Name, StringComparer.Ordinal) ? [Mend.Write(file.Path, 0, "PostUp = sysctl -w net/ipv6/conf/%i/force_forwarding=1")] : Array.Empty<Mend>(),
    ];

    // Of an interface that is yet to come, its hooks tell.
    private static bool IsForced(Facts facts, string name) => name == facts.Name && facts.Link is null
        ? facts.File is { } file && file.UpHooks.Any(hook => hook.Contains("forwarding", StringComparison.Ordinal))
        : facts.Sysctl6(name, "force_forwarding") == 1;

    // Those that packets come in on: from the clients, and from the world.
    private static IEnumerable<string> Interfaces(Facts facts, string? upstream) => upstream is null || upstream == facts.Name ? [facts.Name] : [facts.Name, upstream];
}
