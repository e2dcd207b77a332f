using WgNet.Routing;

namespace WgNet.Cli.Doctor;

/// <summary>What is around the interface: kernel, network, other programs.</summary>
internal sealed record SystemFacts
{
    /// <summary>A number in /proc/sys by its path there, or null if there is none.</summary>
    public Func<string, int?> Sysctl { get; init; } = _ => null;

    /// <summary>The interface that the default route leads to; null if there is none.</summary>
    public string? UpstreamIPv4 { get; init; }

    public string? UpstreamIPv6 { get; init; }

    /// <summary>Interfaces that have a global IPv6 address for a time, as router advertisements give them.</summary>
    public IReadOnlyList<string> AddressedByRouters { get; init; } = [];

    /// <summary>Routes of the main table that do not lead into the interface.</summary>
    public IReadOnlyList<IpPrefix> OutsideRoutes { get; init; } = [];

    public IReadOnlyList<PathFacts> Paths { get; init; } = [];

    /// <summary>Endpoints' names that have no address now, each with what the resolver said.</summary>
    public IReadOnlyList<(string Name, string Reason)> Unresolved { get; init; } = [];

    /// <summary>Who has the port that is listened on, or is to be.</summary>
    public PortFacts? Port { get; init; }

    /// <summary>Null if it could not be read: then <see cref="RulesetMissing"/> says why.</summary>
    public NftRuleset? Ruleset { get; init; }

    public string RulesetMissing { get; init; } = "the firewall was not read";

    /// <summary>What could advertise prefixes on the interface.</summary>
    public IReadOnlyList<Advertiser> Advertisers { get; init; } = [];

    /// <summary>Seconds since 1970.</summary>
    public long Now { get; init; }

    /// <summary>The latest moment, in seconds since 1970, at which WgNet knows that this interface ran; 0 if it knows none.</summary>
    public long LatestRun { get; init; }

    public bool HasTunDevice { get; init; } = true;

    public bool HasSodium { get; init; } = true;

    /// <summary>Whether the kernel splits datagrams (UDP_SEGMENT) and joins them (UDP_GRO).</summary>
    public bool HasUdpOffload { get; init; } = true;

    public bool IsRoot { get; init; } = true;
}
