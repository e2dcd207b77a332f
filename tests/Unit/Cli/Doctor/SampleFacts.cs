using System.Globalization;
using System.Net;
using WgNet.Cli.Doctor;
using WgNet.Linux;
using WgNet.Routing;
using WgNet.Uapi;
using WgNet.Udp;

namespace WgNet.Unit.Cli.Doctor;

/// <summary>A gateway with two clients on which nothing is wrong, as a file, as it runs, and as the system around it.</summary>
internal static class SampleFacts
{
    public const string Name = "wg0", FilePath = "/etc/wireguard/wg0.conf", Learnable = "2001:db8:1::/64";

    private const string Text = """
        [Interface]
        PrivateKeyFile = /dev/null
        ListenPort = 51820
        Address = fe80::1/64, 2001:db8:1::1/64, 10.9.0.1/24
        MTU = 1420

        [Peer]
        PublicKey = AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
        AllowedIPs = 10.9.0.2/32
        LearnableIPs = 2001:db8:1::/64, fe80::/64

        [Peer]
        PublicKey = AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=
        AllowedIPs = 10.9.0.3/32
        LearnableIPs = 2001:db8:1::/64, fe80::/64
        """;

    public static PeerFacts First { get; } = new(SampleDevices.Key(1), "peer AQEB… (line 8)")
    {
        Line = 8,
        AllowedIps = Prefixes("10.9.0.2/32"),
        LearnableIps = Prefixes(Learnable, "fe80::/64"),
    };

    public static PeerFacts Second { get; } = new(SampleDevices.Key(2), "peer AgIC… (line 13)")
    {
        Line = 13,
        AllowedIps = Prefixes("10.9.0.3/32"),
        LearnableIps = Prefixes(Learnable, "fe80::/64"),
    };

    public static FileFacts ConfigFile { get; } = new(FilePath)
    {
        Tunnel = new TunnelFacts { OwnKey = SampleDevices.Key(9), ListenPort = 51820, Peers = [First, Second] },
        Addresses = [Own("fe80::1/64"), Own("2001:db8:1::1/64"), Own("10.9.0.1/24")],
        Mtu = 1420,
        Sections = ConfigurationFile.Parse(Text, FilePath, ConfigurationMode.Append).Sections,
        Access = [new AccessFacts(FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite, Octal(755))],
    };

    /// <summary>The file with other peers, and the text that makes them.</summary>
    public static FileFacts FileWith(TunnelFacts tunnel, string line, string replacement) => ConfigFile with
    {
        Tunnel = tunnel,
        Sections = ConfigurationFile.Parse(Text.Replace(line, replacement, StringComparison.Ordinal), FilePath, ConfigurationMode.Append).Sections,
    };

    public static RunningProcess Daemon { get; } = new(812, "wgnet");

    public static LinkFacts Link { get; } = new(
        new LinkInfo(7, Name, 1420, IsUp: true, "tun"),
        [Address("fe80::1/64"), Address("2001:db8:1::1/64"), Address("10.9.0.1/24")],
        Prefixes("fe80::/64", Learnable, "10.9.0.0/24"),
        [Daemon])
    {
        TunFlags = 0x5001,
    };

    public static SystemFacts Machine { get; } = new()
    {
        Sysctl = Sysctls(),
        UpstreamIPv4 = "eth0",
        UpstreamIPv6 = "eth0",
        AddressedByRouters = ["eth0"],
        Paths = [Way("198.51.100.7", 1500), Way("2001:db8:9::7", 1500)],
        Port = new PortFacts(51820, IsBound: true, [Daemon]),
        Ruleset = NftRuleset.Parse("""{"nftables": []}"""),
        Advertisers = [new Advertiser("radvd", new RunningProcess(900, "radvd"), "/etc/radvd.conf", Prefixes(Learnable), AdvertisesOwn: false)],
        Now = 1_800_000_000,
        LatestRun = 1_800_000_000 - 50,
    };

    public static Facts Running { get; } = new(Name)
    {
        File = ConfigFile,
        Socket = SocketState.Answers,
        Device = new DeviceFacts("1.0.0", Tunnel(First, Second)),
        Link = Link,
        System = Machine,
    };

    /// <summary>The same before <c>wgnet up</c>.</summary>
    public static Facts NotRunning { get; } = Running with
    {
        Socket = SocketState.None,
        Device = null,
        Link = null,
        System = Machine with { Port = new PortFacts(51820, IsBound: false, []) },
    };

    public static TunnelFacts Tunnel(params PeerFacts[] peers) => ConfigFile.Tunnel! with { Peers = peers };

    public static IReadOnlyList<IpPrefix> Prefixes(params string[] texts) => [.. texts.Select(SampleDevices.Prefix)];

    public static OwnAddress Own(string text) => new(IPAddress.Parse(text.Split('/')[0]), int.Parse(text.Split('/')[1], CultureInfo.InvariantCulture));

    public static PathFacts Way(string endpoint, int mtu) => new(new Endpoint(IPAddress.Parse(endpoint), 51820), mtu, IsThroughTunnel: false);

    /// <summary>The values of a healthy gateway with some changed; −1 takes one away.</summary>
    public static Func<string, int?> Sysctls(params (string Key, int Value)[] changes)
    {
        Dictionary<string, int> values = new(StringComparer.Ordinal)
        {
            ["net/ipv6/conf/all/forwarding"] = 1,
            ["net/ipv6/conf/default/force_forwarding"] = 0,
            ["net/ipv6/conf/eth0/forwarding"] = 1,
            ["net/ipv6/conf/eth0/accept_ra"] = 2,
            ["net/ipv4/conf/wg0/forwarding"] = 1,
            ["net/ipv4/conf/eth0/forwarding"] = 1,
            ["net/ipv4/conf/all/rp_filter"] = 0,
            ["net/ipv4/conf/eth0/rp_filter"] = 1,
            ["net/ipv4/conf/wg0/rp_filter"] = 1,
            ["net/ipv4/conf/all/src_valid_mark"] = 0,
            ["net/ipv4/conf/eth0/src_valid_mark"] = 0,
        };
        foreach ((string key, int value) in changes)
        {
            values[key] = value;
        }

        return path => values.TryGetValue(path, out int value) && value >= 0 ? value : null;
    }

    public static UnixFileMode Octal(int digits) => (UnixFileMode)Convert.ToInt32(digits.ToString(CultureInfo.InvariantCulture), 8);

    private static AddressInfo Address(string text) => new(Own(text).Address, Own(text).Length, IsPermanent: true, IsAutomatic: false);
}
