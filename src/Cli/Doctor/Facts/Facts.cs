using System.Net;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Udp;

namespace WgNet.Cli.Doctor;

/// <summary>
/// All that the checks look at, gathered before them, so that a check is a function and a test needs no system. What is null
/// could not be seen, or is not there. No secrets.
/// </summary>
/// <param name="Name">The interface's.</param>
internal sealed record Facts(string Name)
{
    public FileFacts? File { get; init; }

    public SocketState Socket { get; init; }

    /// <summary>What came of asking, where it was no answer.</summary>
    public string SocketFailure { get; init; } = "";

    /// <summary>What the control socket answered.</summary>
    public DeviceFacts? Device { get; init; }

    /// <summary>The interface of that name in this network namespace, whoever runs it.</summary>
    public LinkFacts? Link { get; init; }

    public SystemFacts System { get; init; } = new();

    /// <summary>What is meant to be: the file's, or what runs where there is no file.</summary>
    public TunnelFacts? Configured => File?.Tunnel ?? Device?.Tunnel;

    /// <summary>What is: what runs, or else the file's.</summary>
    public TunnelFacts? Current => Device?.Tunnel ?? File?.Tunnel;

    /// <summary>Whether packets are carried here and WgNet or its like is there to be asked.</summary>
    public bool IsRunning => Device is not null && Link is not null;

    /// <summary>Whether peers come to this one, and not this one to them.</summary>
    public bool IsGateway => Learns || (File?.Tunnel is { } tunnel && tunnel.Peers.Any(peer => !peer.HasEndpoint));

    /// <summary>Whether any peer chooses its own addresses.</summary>
    public bool Learns => Configured is { } tunnel && tunnel.Peers.Any(peer => peer.LearnableIps.Count > 0);

    /// <summary>The interface's own inside addresses: as they are, or else as the file has them.</summary>
    public IReadOnlyList<OwnAddress> OwnAddresses => Link is not null
        ? [.. Link.Addresses.Select(address => new OwnAddress(address.Address, address.PrefixLength))]
        : File?.Addresses ?? [];

    /// <summary>A value of /proc/sys/net/ipv6/conf, or null.</summary>
    public int? Sysctl6(string interfaceName, string key) => System.Sysctl($"net/ipv6/conf/{interfaceName}/{key}");

    /// <summary>A value of /proc/sys/net/ipv4/conf, or null.</summary>
    public int? Sysctl4(string interfaceName, string key) => System.Sysctl($"net/ipv4/conf/{interfaceName}/{key}");

    /// <summary>How wgnet's verbs are told which configuration is meant.</summary>
    public string Argument => File is null || File.Path == $"/etc/wireguard/{Name}.conf" ? Name : Mend.Quote(File.Path);
}

/// <summary>What is at the place of the control socket.</summary>
internal enum SocketState
{
    None,

    /// <summary>A process that has ended left it behind.</summary>
    Stale,

    /// <summary>Only root may ask.</summary>
    Forbidden,

    /// <summary>Something is there that does not speak as a device does.</summary>
    Broken,

    Answers,
}

/// <summary>An inside address with the length of its prefix.</summary>
internal readonly record struct OwnAddress(IPAddress Address, int Length)
{
    public bool IsIPv4 => Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;

    public UInt128 Number => IpPrefix.ToNumber(Address);

    public IpPrefix Network => new(Number, Length, IsIPv4);

    /// <summary>As <c>Address</c> has it in a file, whatever scope the kernel gave it.</summary>
    public override string ToString() => $"{InetText.Of(Address)}/{Length}";

    public bool Equals(OwnAddress other) => Length == other.Length && IsIPv4 == other.IsIPv4 && Number == other.Number;

    public override int GetHashCode() => HashCode.Combine(Length, Number);
}

/// <summary>Keys and peers, as a file or a running device has them.</summary>
internal sealed record TunnelFacts
{
    public bool HasPrivateKey { get; init; } = true;

    /// <summary>Whether the private key has the fixed bits that every tool gives a new one (RFC 7748 section 5); a device sets them itself.</summary>
    public bool HasPrivateKeyShape { get; init; } = true;

    public PublicKey? OwnKey { get; init; }

    /// <summary>0 if none is given.</summary>
    public int ListenPort { get; init; }

    /// <summary>0 for none.</summary>
    public uint Mark { get; init; }

    public IReadOnlyList<PeerFacts> Peers { get; init; } = [];
}

/// <summary>One peer.</summary>
/// <param name="Label">What it is called in findings; no key of its if that is a secret.</param>
internal sealed record PeerFacts(PublicKey Key, string Label)
{
    /// <summary>The line of its PublicKey in the file; 0 if it is not from a file.</summary>
    public int Line { get; init; }

    /// <summary>Whether what stands as its public key is this interface's private key.</summary>
    public bool IsOwnPrivateKey { get; init; }

    /// <summary>Whether this side can call it: by an address, or a name.</summary>
    public bool HasEndpoint { get; init; }

    /// <summary>Outside; null if there is none or only a name.</summary>
    public Endpoint? Endpoint { get; init; }

    /// <summary><c>host:port</c> where the endpoint is a name.</summary>
    public string? EndpointName { get; init; }

    /// <summary>Inside.</summary>
    public IReadOnlyList<IpPrefix> AllowedIps { get; init; } = [];

    /// <summary>Inside.</summary>
    public IReadOnlyList<IpPrefix> LearnableIps { get; init; } = [];

    /// <summary>Packets dropped because another peer has their source address.</summary>
    public long Conflicts { get; init; }

    public bool HasLearnedLinkLocal { get; init; }

    /// <summary>Seconds since 1970; 0 for never.</summary>
    public long LatestHandshake { get; init; }

    public long SentBytes { get; init; }
}

/// <summary>What answers at the control socket.</summary>
/// <param name="Version">WgNet's; null for another implementation.</param>
internal sealed record DeviceFacts(string? Version, TunnelFacts Tunnel);

/// <summary>The kernel's interface.</summary>
/// <param name="Routes">What leads into it, in any table.</param>
/// <param name="Holders">The processes that have its TUN descriptor, as far as they can be seen.</param>
internal sealed record LinkFacts(LinkInfo Link, IReadOnlyList<AddressInfo> Addresses, IReadOnlyList<IpPrefix> Routes, IReadOnlyList<RunningProcess> Holders)
{
    /// <summary>IFF_* of the TUN device; null if it is none or sysfs does not tell.</summary>
    public int? TunFlags { get; init; }

    /// <summary>The variables by which its process was told to do without offloads.</summary>
    public IReadOnlyList<string> OffSwitches { get; init; } = [];
}

/// <summary>The way to one endpoint.</summary>
/// <param name="Mtu">Of the way; 0 if there is none.</param>
/// <param name="IsThroughTunnel">Whether it leads into the interface itself.</param>
internal readonly record struct PathFacts(Endpoint Endpoint, int Mtu, bool IsThroughTunnel);

/// <summary>Who listens on the UDP port.</summary>
/// <param name="Holders">As far as they can be seen.</param>
internal sealed record PortFacts(int Port, bool IsBound, IReadOnlyList<RunningProcess> Holders);
