using WgNet.Cli.Doctor;
using WgNet.Linux;
using WgNet.Uapi;
using static WgNet.Unit.Cli.Doctor.SampleFacts;

namespace WgNet.Unit.Cli.Doctor;

/// <summary>What each finding takes: a change to the healthy gateway, and what is said of it.</summary>
/// <param name="Mends">Each as it is printed; an end of … leaves the rest open.</param>
internal sealed record Provoked(Severity Severity, string Id, Facts Facts, string What, params string[] Mends)
{
    public static IReadOnlyList<Provoked> All { get; } =
    [
        // The file.
        Error("configuration-refused", WithFile(ConfigFile with { Tunnel = null, Refusal = new ConfigurationFileException(FilePath, 3, "MTU", "1", "not a number in range", "68 to 65535") }),
            "MTU = 1: not a number in range", $"in {FilePath}, line 3: MTU = <68 to 65535>"),
        Error("configuration-refused", WithFile(ConfigFile with { Tunnel = null, Refusal = new ConfigurationFileException(FilePath, 3, "AlowedIPs", null, "unknown key in [Peer]", "AllowedIPs") }),
            "unknown key", $"in {FilePath}, line 3: <AllowedIPs>"),
        Warning("configuration-doubtful", WithFile(ConfigFile with { Warnings = ["Warning: AllowedIP has nonzero host part: 10.0.0.1/8"] }), "nonzero host part"),
        Warning("no-peer", NotRunningWith(ConfigFile with { Tunnel = Tunnel() }), "no [Peer]", "run: wgnet up wg0 && wgnet set wg0 peer <public key> allowed-ips <prefixes> && wgnet save wg0"),
        Warning("file-readable", WithFile(ConfigFile with { Access = [new AccessFacts(FilePath, Octal(644), Octal(755))] }), "anyone on this machine can read", $"run: chmod 600 {FilePath}"),
        Error("file-writable", WithFile(ConfigFile with { Access = [new AccessFacts("/etc/a b.key", Octal(666), Octal(755))] }), "anyone on this machine can change", "run: chmod 600 '/etc/a b.key'"),
        Error("folder-writable", WithFile(ConfigFile with { Access = [new AccessFacts(FilePath, Octal(600), Octal(777))] }), "put another file in the place of", "run: chmod o-w /etc/wireguard"),

        // Keys.
        Error("private-key-missing", WithTunnel(Tunnel(First, Second) with { HasPrivateKey = false, OwnKey = null }), "no private key",
            "run: (umask 077; wgnet genkey > /etc/wireguard/wg0.key)", $"in {FilePath}, line 2: PrivateKeyFile = /etc/wireguard/wg0.key"),
        Warning("private-key-is-public", WithTunnel(Tunnel(First, Second) with { HasPrivateKeyShape = false }), "most likely it is a public key", $"in {FilePath}, line 2: PrivateKey = <what `wgnet genkey' printed…"),
        Error("keys-swapped", WithTunnel(Tunnel(First with { Key = default, IsOwnPrivateKey = true }, Second)), "its public key and this interface's private key are the same", $"in {FilePath}, line 8: PublicKey = …"),
        Error("peer-key-empty", WithTunnel(Tunnel(First with { Key = default }, Second)), "all zeros", $"in {FilePath}, line 8: PublicKey = …"),
        Error("peer-is-self", WithTunnel(Tunnel(First with { Key = ConfigFile.Tunnel!.OwnKey!.Value }, Second)), "this interface's own", $"in {FilePath}, line 8: PublicKey = …"),
        Warning("peer-duplicate", WithTunnel(Tunnel(First, Second with { Key = First.Key })), "have the same public key", $"in {FilePath}, line 13: PublicKey = …"),

        // The machine, and who runs the interface.
        Error("no-tun", WithSystem(Machine with { HasTunDevice = false }), "/dev/net/tun", "run: modprobe tun"),
        Error("no-libsodium", WithSystem(Machine with { HasSodium = false }), "libsodium.so.23", "run: apt-get install libsodium23"),
        Error("socket-stale", NotRunning with { Socket = SocketState.Stale }, "nobody answers at /var/run/wireguard/wg0.sock", "run: wgnet up wg0"),
        Error("no-answer", NotRunning with { Socket = SocketState.Broken, SocketFailure = "wg0: nonsense" }, "does not answer as a device does: wg0: nonsense", "run: ip link delete wg0", "run: wgnet up wg0"),
        Error("no-answer", NotRunning with { Link = Link, Socket = SocketState.Broken, SocketFailure = "wg0: Connection timed out" }, "Connection timed out", "run: kill -KILL 812", "run: wgnet up wg0"),
        Error("other-implementation", Running with { Device = Running.Device! with { Version = null }, Link = Link with { Holders = [new RunningProcess(5, "wireguard-go")] } },
            "wg0 is run by wireguard-go (process 5), which cannot learn addresses", "run: ip link delete wg0", "run: wgnet up wg0"),
        Error("interface-held", NotRunning with { Link = Link }, "held by wgnet (process 812), and there is no control socket", "run: ip link delete wg0"),
        Error("name-taken", NotRunning with { Link = Link with { Link = Link.Link with { Kind = "dummy" } } }, "an interface of kind dummy", "run: ip link delete wg0"),
        Error("name-taken", NotRunning with { Link = Link with { Link = Link.Link with { Kind = "wireguard" } } }, "a WireGuard interface of the kernel's", "run: ip link delete wg0"),
        Error("name-taken", NotRunning with { Link = Link with { Link = Link.Link with { Kind = "" } } }, "a network device"),
        Warning("not-applied", WithDevice(Tunnel(First)), "peer AgIC… (line 13) is not there", "run: wgnet reload wg0"),
        Warning("not-applied", WithDevice(Tunnel(First with { LearnableIps = [] }, Second)), "peer AQEB… (line 8) has other prefixes", "run: wgnet reload wg0"),
        Warning("not-applied", WithDevice(Tunnel(First with { AllowedIps = Prefixes("10.9.0.2/32", "10.9.0.9/32") }, Second)), "has other prefixes", "run: wgnet reload wg0"),

        // The interface.
        Error("ipv6-disabled", WithSysctl(("net/ipv6/conf/wg0/disable_ipv6", 1)), "IPv6 switched off on wg0", "run: sysctl -w net.ipv6.conf.wg0.disable_ipv6=0", "run: wgnet reload wg0"),
        Error("ipv6-disabled", NotRunning with { System = NotRunning.System with { Sysctl = Sysctls(("net/ipv6/conf/default/disable_ipv6", 1)) } }, "on new interfaces",
            "run: sysctl -w net.ipv6.conf.default.disable_ipv6=0", "run: wgnet up wg0"),
        Error("interface-down", WithLink(Link with { Link = Link.Link with { IsUp = false } }), "wg0 is down", "run: ip link set wg0 up"),
        Error("address-missing", WithLink(Link with { Addresses = [Link.Addresses[0], Link.Addresses[2]] }), "no address 2001:db8:1::1/64", "run: ip address add 2001:db8:1::1/64 dev wg0"),

        // The outside.
        Error("port-unknown", NotRunningWith(ConfigFile with { Tunnel = Tunnel(First, Second) with { ListenPort = 0 } }), "no ListenPort", $"in {FilePath}, line 3: ListenPort = 51820"),
        Error("port-taken", NotRunning with { System = Machine with { Port = new PortFacts(51820, IsBound: true, [new RunningProcess(5, "ncat")]) } }, "taken by ncat (process 5)", $"in {FilePath}, line 3: ListenPort = 51821"),
        Error("port-taken", WithSystem(Machine with { Port = new PortFacts(51820, IsBound: true, [new RunningProcess(5, "ncat")]) }), "taken by ncat (process 5)", "run: wgnet set wg0 listen-port 51821"),
        Error("port-closed", WithSystem(Machine with { Port = new PortFacts(51820, IsBound: false, []) }), "nobody listens on UDP port 51820", "run: ip link set wg0 down", "run: ip link set wg0 up"),
        Warning("endpoint-unresolved", WithSystem(Machine with { Unresolved = [("gw.example:51820", "Name or service not known")] }), "gw.example:51820 has no address now: Name or service not known", "run: getent ahosts gw.example"),
        Warning("endpoint-unreachable", WithSystem(Machine with { Paths = [Way("198.51.100.7", 0)] }), "no route to the endpoint 198.51.100.7", "run: ip route get 198.51.100.7"),
        Error("endpoint-in-tunnel", WithSystem(Machine with { Paths = [Way("198.51.100.7", 1420) with { IsThroughTunnel = true }] }), "198.51.100.7 leads into wg0 itself", "run: ip route add 198.51.100.7 via …"),
        Error("endpoint-in-tunnel", NotRunningWith(ConfigFile with { Tunnel = Tunnel(First with { AllowedIps = Prefixes("198.51.100.0/24") }) }), "198.51.100.7 would lead into wg0 itself", "run: ip route add 198.51.100.7 via …"),
        Warning("peer-silent", WithFile(ConfigFile with { Tunnel = Tunnel(First with { HasEndpoint = true }, Second) }) with { Device = new DeviceFacts("1.0.0", Tunnel(First with { SentBytes = 148 }, Second)) },
            "was called and has never answered", "run: wgnet show wg0 public-key; wgnet show wg0 endpoints"),
        Error("port-filtered", WithRules(Chain("input", "drop")), "drops UDP port 51820 over IPv4 and IPv6: the policy of chain inet filter input is drop", "run: nft insert rule inet filter input udp dport 51820 accept"),
        Error("port-filtered", WithRules(Chain("input", "drop")) with { System = Machine with { UpstreamIPv6 = null, Ruleset = NftRuleset.Parse(Chain("input", "drop")) } }, "drops UDP port 51820 over IPv4: the policy", "run: nft insert rule inet filter input udp dport 51820 accept"),
        Error("solicitation-filtered", WithRules(Chain("input", "drop")), "drops router solicitations from wg0", "run: nft insert rule inet filter input iifname wg0 icmpv6 type nd-router-solicit accept"),
        Error("forward-filtered", WithRules(Chain("forward", "drop")), "forwards no IPv4 and IPv6 from wg0", "run: nft insert rule inet filter forward iifname wg0 accept"),
        Error("forward-filtered", WithRules(Chain("forward", "drop")) with { Name = "4g+" }, "forwards no IPv4 and IPv6 from 4g+", "run: nft insert rule inet filter forward iifname '\"4g+\"' accept"),
        Error("answers-filtered", WithRules(Chain("forward", "drop")), "forwards no answers over IPv4 and IPv6 to wg0", "run: nft insert rule inet filter forward oifname wg0 ct state established,related accept"),
        Warning("mtu-too-large", WithLink(Link with { Link = Link.Link with { Mtu = 1421 } }), "the MTU is 1421, and the way to 2001:db8:9::7 carries 1500, which leaves 1420", "run: ip link set wg0 mtu 1420", $"in {FilePath}, line 5: MTU = 1420"),
        Warning("mtu-too-large", WithSystem(Machine with { Paths = [Way("198.51.100.7", 1400)] }), "which leaves 1340", "run: ip link set wg0 mtu 1340", $"in {FilePath}, line 5: MTU = 1340"),
        Error("mtu-below-ipv6", WithLink(Link with { Link = Link.Link with { Mtu = 1279 } }), "the MTU is 1279, and IPv6 needs 1280", "run: ip link set wg0 mtu 1280", $"in {FilePath}, line 5: MTU = 1280"),

        // The inside.
        Error("allowed-ips-moved", WithTunnel(Tunnel(First, Second with { AllowedIps = First.AllowedIps })), "both have 10.9.0.2/32 in AllowedIPs", $"in {FilePath}, line 9: AllowedIPs ="),
        Error("allowed-ips-moved", WithFile(FileWith(Tunnel(First with { AllowedIps = Prefixes("10.9.0.2/32", "10.9.0.3/32", "10.9.0.4/32") }, Second), "AllowedIPs = 10.9.0.2/32", "AllowedIPs = 10.9.0.2/32\nAllowedIPs = 10.9.0.3, 10.9.0.4/32")),
            "both have 10.9.0.3/32 in AllowedIPs", $"in {FilePath}, line 10: AllowedIPs = 10.9.0.4/32"),
        Warning("allowed-ips-own", WithFile(FileWith(Tunnel(First with { AllowedIps = Prefixes("10.9.0.1/32", "10.9.0.2/32") }, Second), "= 10.9.0.2/32", "= 10.9.0.1/32, 10.9.0.2/32")), "10.9.0.1/32 in AllowedIPs, which is an address of wg0 itself", $"in {FilePath}, line 9: AllowedIPs = 10.9.0.2/32"),
        Error("learnable-hidden", WithFile(FileWith(Tunnel(First, Second with { AllowedIps = Prefixes(Learnable, "10.9.0.3/32") }), "= 10.9.0.3/32", $"= {Learnable}, 10.9.0.3/32")), $"{Learnable} in the AllowedIPs of peer AgIC… (line 13) hides the learnable {Learnable}", $"in {FilePath}, line 14: AllowedIPs = 10.9.0.3/32"),
        Error("learnable-hidden", WithFile(FileWith(Tunnel(First with { LearnableIps = Prefixes("2001:db8::/32", "fe80::/64") }, Second with { LearnableIps = [], AllowedIps = Prefixes("2001:db8:1::/48") }), "= 10.9.0.3/32", "= 2001:db8:1::/48")), "2001:db8:1::/48 in the AllowedIPs", $"in {FilePath}, line 14: AllowedIPs ="),
        Warning("learnable-too-long", WithTunnel(Tunnel(First with { LearnableIps = Prefixes("2001:db8:1::/80", "fe80::/64") })), "2001:db8:1::/80 is longer than /64"),
        Warning("learnable-no-link-local", WithFile(ConfigFile with
            {
                Tunnel = Tunnel(First with { LearnableIps = Prefixes(Learnable) }, Second),
                Sections = ConfigurationFile.Parse("[Interface]\nLearnableIPs = 2001:db8:1::/64\n", FilePath, ConfigurationMode.Append).Sections,
            }), "peer AQEB… (line 8) may not use any link-local address", $"in {FilePath}, line 2: LearnableIPs = 2001:db8:1::/64, fe80::/64"),
        Error("link-local-shared", WithFile(ConfigFile with { Clients = [new ClientFacts("/etc/wireguard/wg0-clients/laptop.conf", 4, [Own("fe80::2/64")]), new ClientFacts("/etc/wireguard/wg0-clients/phone.conf", 5, [Own("fe80::2/64")])] }),
            "phone.conf has the link-local address of /etc/wireguard/wg0-clients/laptop.conf: fe80::2/64", "in /etc/wireguard/wg0-clients/phone.conf, line 5: Address = fe80::…"),
        Error("link-local-shared", WithFile(ConfigFile with { Clients = [new ClientFacts("/etc/wireguard/wg0-clients/laptop.conf", 4, [Own("fe80::1/64")])] }), $"laptop.conf has the link-local address of {FilePath}: fe80::1/64", "in /etc/wireguard/wg0-clients/laptop.conf, line 4: Address = fe80::…"),
        Error("link-local-shared", WithFile(ConfigFile with { Clients = [new ClientFacts("/etc/wireguard/wg0-clients/laptop.conf", 4, [Own("fe80::1/64")]) { Others = ["10.9.0.2/32"] }] }), "laptop.conf has the link-local address of", "in /etc/wireguard/wg0-clients/laptop.conf, line 4: Address = 10.9.0.2/32, fe80::…"),
        Error("link-local-conflict", WithDevice(Tunnel(First, Second with { Conflicts = 3 })), "sends from addresses that another peer has (3 packets), and has no link-local address of its own", "add under [Interface] in the client's configuration: Address = fe80::…"),
        Warning("not-advertised", WithSystem(Machine with { Advertisers = [] }), $"advertises {Learnable} on wg0", $"add to /etc/radvd.conf: interface wg0 {{ AdvSendAdvert on; UnicastOnly on; prefix {Learnable} {{ }}; }};", "run: systemctl restart radvd"),
        Error("advertiser-stopped", WithSystem(Machine with { Advertisers = [Machine.Advertisers[0] with { Process = null }] }), "radvd does not run, which /etc/radvd.conf has advertise", "run: systemctl restart radvd"),
        Warning("route-missing", WithLink(Link with { Routes = Prefixes("fe80::/64", "10.9.0.0/24") }), $"no route leads {Learnable} into wg0", $"run: ip route add {Learnable} dev wg0"),

        // The way through.
        Error("ipv6-not-forwarded", WithSysctl(("net/ipv6/conf/all/forwarding", 0), ("net/ipv6/conf/eth0/force_forwarding", 1)), "IPv6 that comes in on wg0 is not forwarded",
            "run: sysctl -w net.ipv6.conf.wg0.force_forwarding=1", $"add under [Interface] in {FilePath}: PostUp = sysctl -w net/ipv6/conf/%i/force_forwarding=1"),
        Error("ipv6-not-forwarded", WithSysctl(("net/ipv6/conf/all/forwarding", 0), ("net/ipv6/conf/default/force_forwarding", -1), ("net/ipv6/conf/eth0/accept_ra", 1)), "comes in on wg0 and eth0 is not forwarded",
            "run: sysctl -w net.ipv6.conf.eth0.accept_ra=2", "run: sysctl -w net.ipv6.conf.all.forwarding=1"),
        Warning("ipv6-not-forwarded", Static(("net/ipv6/conf/all/forwarding", 0)), "IPv6 that comes in on wg0 and eth0 is not forwarded", "run: sysctl -w net.ipv6.conf.wg0.force_forwarding=1", "run: sysctl -w net.ipv6.conf.eth0.force_forwarding=1", $"add under [Interface] in {FilePath}: PostUp = …"),
        Warning("ipv4-not-forwarded", WithSysctl(("net/ipv4/conf/eth0/forwarding", 0)), "IPv4 forwarding is off", "run: sysctl -w net.ipv4.ip_forward=1"),
        Error("advertisements-ignored", WithSysctl(("net/ipv6/conf/eth0/accept_ra", 1)), "eth0 has its IPv6 address by router advertisements, and ignores them", "run: sysctl -w net.ipv6.conf.eth0.accept_ra=2"),
        Warning("reverse-path-strict", WithDevice(Tunnel(First with { AllowedIps = Prefixes("10.9.0.2/32", "10.77.0.0/16") }, Second)), "10.77.0.0/16 is not all there", "run: sysctl -w net.ipv4.conf.wg0.rp_filter=2"),
        Error("reverse-path-mark", WithDevice(Tunnel(First, Second) with { Mark = 51820 }) with { Link = Link with { Routes = Prefixes("fe80::/64", Learnable, "0.0.0.0/0") } }, "does not know the tunnel's mark", "run: sysctl -w net.ipv4.conf.all.src_valid_mark=1"),

        // The rest.
        Warning("offload-outside", WithSystem(Machine with { HasUdpOffload = false }), "UDP_SEGMENT"),
        Warning("offload-switched-off", WithLink(Link with { OffSwitches = ["WGNET_OFFLOAD=off"] }), "started with WGNET_OFFLOAD=off", "run: ip link delete wg0", "run: env -u WGNET_OFFLOAD wgnet up wg0"),
        Warning("offload-inside", WithLink(Link with { TunFlags = 0x1001 }), "IFF_VNET_HDR", "run: ip link delete wg0", "run: wgnet up wg0"),
        Error("clock-unset", WithSystem(Machine with { Now = 3600, LatestRun = 0 }), "the clock says 1970-01-01 01:00 UTC", "run: timedatectl set-ntp true"),
        Warning("clock-set-back", WithSystem(Machine with { LatestRun = Machine.Now + 3600 }), "wg0 has run at 2027-01-15 09:00 UTC already", "run: timedatectl set-ntp true"),
    ];

    /// <summary>What nftables says of one chain of the table <c>inet filter</c>.</summary>
    public static string Chain(string hook, string policy, params string[] rules) =>
        $$$"""{"nftables": [{"chain": {"family": "inet", "table": "filter", "name": "{{{hook}}}", "type": "filter", "hook": "{{{hook}}}", "prio": 0, "policy": "{{{policy}}}"}}"""
        + string.Concat(rules.Select(rule => $$$""", {"rule": {"family": "inet", "table": "filter", "chain": "{{{hook}}}", "expr": [{{{rule}}}]}}""")) + "]}";

    private static Provoked Error(string id, Facts facts, string what, params string[] mends) => new(Severity.Error, id, facts, what, mends);

    private static Provoked Warning(string id, Facts facts, string what, params string[] mends) => new(Severity.Warning, id, facts, what, mends);

    private static Facts WithFile(FileFacts file) => Running with { File = file };

    private static Facts NotRunningWith(FileFacts file) => NotRunning with { File = file };

    private static Facts WithTunnel(TunnelFacts tunnel) => WithFile(ConfigFile with { Tunnel = tunnel });

    private static Facts WithDevice(TunnelFacts tunnel) => Running with { Device = new DeviceFacts("1.0.0", tunnel) };

    private static Facts WithLink(LinkFacts link) => Running with { Link = link };

    private static Facts WithSystem(SystemFacts system) => Running with { System = system };

    private static Facts WithSysctl(params (string Key, int Value)[] changes) => WithSystem(Machine with { Sysctl = Sysctls(changes) });

    private static Facts WithRules(string json) => WithSystem(Machine with { Ruleset = NftRuleset.Parse(json) });

    private static Facts Static(params (string Key, int Value)[] changes)
    {
        TunnelFacts tunnel = Tunnel(First with { AllowedIps = Prefixes("2001:db8:1::2/128"), LearnableIps = [] });
        return WithSysctl(changes) with { File = ConfigFile with { Tunnel = tunnel }, Device = new DeviceFacts("1.0.0", tunnel) };
    }
}
