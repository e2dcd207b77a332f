using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary><c>wgnet up</c> beside stock <c>wg-quick up</c> with WgNet as its userspace implementation: the same file, the same network.</summary>
public sealed class QuickStockTests
{
    private static readonly KeyPair Own = KeyPair.Generate(), First = KeyPair.Generate(), Second = KeyPair.Generate();

    public static TheoryData<string, string, string> Configurations { get; } = new()
    {
        { "addresses and prefixes inside and outside of them", "Address = 10.0.0.1/24, fd00::1/64", Peer("10.0.0.2/32, 10.9.0.0/16, fd00::2/128, fd09::/48, 192.0.2.7") },
        { "several lines, no length, a whole network allowed", "Address = 10.0.0.1\nAddress=10.1.0.1/16 , fd00::1\nAddress = fd01::1/64", Peer("10.1.0.0/16, fd01::/64, 10.1.2.0/24") },
        { "two peers", "Address = 10.0.0.1/24", Peer("10.5.0.0/16") + Peer("10.6.0.0/16, 10.5.5.0/24", Second) },
        { "no routes", "Address = 10.0.0.1/24\nTable = off", Peer("0.0.0.0/0, ::/0, 10.9.0.0/16") },
        { "a table's number", "Address = 10.0.0.1/24, fd00::1/64\nTable = 1234", Peer("0.0.0.0/0, ::/0, 10.0.0.0/24, fd09::/48") },
        { "a table's name", "Address = 10.0.0.1/24\nTable = main", Peer("10.9.0.0/16") },
        { "the automatic table", "Address = 10.0.0.1/24\nTable = auto", Peer("10.9.0.0/16") },
        { "everything", "Address = 10.0.0.1/24, fd00::1/64", Peer("0.0.0.0/0, ::/0") },
        { "all of IPv4 with a mark", "Address = 10.0.0.1/24, 10.0.1.1/24, fd00::1/64\nFwMark = 0x4321", Peer("0.0.0.0/0, 10.7.0.0/16") },
        { "all of IPv6", "Address = 10.0.0.1/24, fd00::1/64, fd00::1:1/128", Peer("::/0, 10.7.0.0/16, fd07::/48") },
        { "all of IPv4 in halves", "Address = 10.0.0.1/24", Peer("0.0.0.0/1, 128.0.0.0/1") },
        { "an MTU", "Address = 10.0.0.1/24, fd00::1/64\nMTU = 1380", Peer("10.9.0.0/16, fd09::/48") },
        { "an MTU too small for IPv6", "Address = 10.0.0.1/24, fd00::1/64\nMTU = 1200", Peer("10.9.0.0/16") },
        { "the MTU of the way to an endpoint", "Address = 10.0.0.1/24", Peer("10.9.0.0/16", endpoint: "172.16.2.2:51820") },
        { "the MTU of the way to an IPv6 endpoint", "Address = 10.0.0.1/24", Peer("10.9.0.0/16", endpoint: "[fd16:2::2]:51820") },
        { "the MTU of a route", "Address = 10.0.0.1/24", Peer("10.9.0.0/16", endpoint: "198.51.100.9:51820") },
        { "no way to the endpoint", "Address = 10.0.0.1/24", Peer("10.9.0.0/16", endpoint: "203.0.113.9:51820") },
        { "name servers and search domains", "Address = 10.0.0.1/24\nDNS = 10.0.0.53, fd00::53, example.org\nDNS = example.net", Peer("10.9.0.0/16") },
        { "search domains alone", "Address = 10.0.0.1/24\nDNS = example.org", Peer("10.9.0.0/16") },
        {
            "hooks", "Address = 10.0.0.1/24\nPreUp = ip link add %i-a type veth peer name %i-b\nPostUp = ip route add 10.77.0.0/16 dev %i; ip address add 10.78.0.1/32 dev lo\n"
                + "PostUp = ip link set mtu 1300 dev %i\nPreDown = ip address delete 10.78.0.1/32 dev lo\nPostDown = ip link delete %i-a",
            Peer("10.9.0.0/16")
        },
    };

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Up_Configuration_MakesTheNetworkThatWgQuickMakesAndDownLeavesNothing(string what, string settings, string peers)
    {
        _ = what;
        using var lab = new QuickLab();
        lab.AddResolvconf();
        lab.Write($"[Interface]\nPrivateKey = {Own.Private}\nListenPort = {Tunnel.Port}\n{settings}\n{peers}");

        // wg-quick switches it on and leaves it on.
        lab.Host.Sysctl("net.ipv4.conf.all.src_valid_mark", 1);
        string before = lab.State();

        lab.MustRun(QuickLab.Stock, "up", lab.ConfigurationFile);
        string stock = lab.State();
        string stockDns = lab.DnsCalls;
        lab.MustRun(QuickLab.Stock, "down", lab.ConfigurationFile);
        Assert.Equal(before, lab.State());
        Wait.Until(() => lab.Host.ProcessIds.Count == 0, TimeSpan.FromSeconds(5), "stock's daemon does not end");
        string stockDnsDown = lab.DnsCalls;

        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        Assert.Equal(stock, lab.State());
        Assert.Equal(stockDnsDown + stockDns, lab.DnsCalls);
        lab.MustRun(Programs.WgNet, "down", lab.ConfigurationFile);
        Assert.Equal(before, lab.State());
        Assert.Equal(stockDnsDown + stockDnsDown, lab.DnsCalls);
        Assert.Empty(lab.Host.ProcessIds);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Down_OfWhatTheOtherBroughtUp_LeavesNothing(bool stockFirst)
    {
        using var lab = new QuickLab();
        lab.AddResolvconf();
        lab.Write($"[Interface]\nPrivateKey = {Own.Private}\nAddress = 10.0.0.1/24, fd00::1/64\nDNS = 10.0.0.53\n{Peer("0.0.0.0/0, ::/0")}");
        lab.Host.Sysctl("net.ipv4.conf.all.src_valid_mark", 1);
        string before = lab.State();

        lab.MustRun(stockFirst ? QuickLab.Stock : Programs.WgNet, "up", lab.ConfigurationFile);
        Assert.NotEqual(before, lab.State());
        lab.MustRun(stockFirst ? Programs.WgNet : QuickLab.Stock, "down", lab.ConfigurationFile);

        Assert.Equal(before, lab.State());
        Assert.EndsWith($"-d {lab.Name} -f\n", lab.DnsCalls, StringComparison.Ordinal);
    }

    /// <summary>The one difference in what comes out: wg-quick takes the widest way.</summary>
    [Fact]
    public void Up_EndpointsByWaysOfDifferentMtu_TakesTheNarrowest()
    {
        using var lab = new QuickLab();
        lab.Write($"[Interface]\nPrivateKey = {Own.Private}\nAddress = 10.0.0.1/24\n"
            + Peer("10.5.0.0/16", endpoint: "172.16.1.2:51820") + Peer("10.6.0.0/16", Second, endpoint: "172.16.2.2:51820"));

        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);

        Assert.StartsWith("mtu 1320 up\n", lab.State(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PrivateKey = nonsense", ":2: PrivateKey = (hidden): not a key; expected 44 characters")]
    [InlineData("Table = nowhere", ":2: Table = nowhere: no such table; expected off, auto, a number, or a name in ")]
    [InlineData("DNS = 10.0.0.53", ":2: DNS = 10.0.0.53: neither resolvconf nor resolvectl is there to set it; expected one of them")]
    [InlineData("Address = 10.0.0.1/24, 10.0.0.1/24", "`ip -4 address add 10.0.0.1/24 dev {0}' failed: RTM_NEWADDR")]
    [InlineData("MTU = 65535\nPostUp = exit 7", "`exit 7' failed with status 7")]
    public void Up_ImpossibleSetting_NamesItAndChangesNothing(string setting, string message)
    {
        using var lab = new QuickLab();
        lab.Write($"[Interface]\n{setting}\nAddress = fd00::1/64\n{Peer("0.0.0.0/0, ::/0, 10.9.0.0/16")}");
        lab.AddProgram("nft", "exec /usr/sbin/nft \"$@\"");
        lab.Host.Sysctl("net.ipv4.conf.all.src_valid_mark", 1);
        string before = lab.State();

        CommandResult up = lab.RunAlone("up", lab.ConfigurationFile);

        Assert.False(up.Succeeded);
        Assert.Contains(message.Replace("{0}", lab.Name, StringComparison.Ordinal), up.Error, StringComparison.Ordinal);
        Assert.Equal(before, lab.State());
        Assert.Empty(lab.Host.ProcessIds);
    }

    [Fact]
    public void Up_NoNft_TellsIptablesTheSame()
    {
        using var lab = new QuickLab();
        string rules = Path.Combine(lab.Lab.Folder, "rules");
        lab.AddProgram("iptables-restore", $"echo called \"$@\" >>{rules}; /bin/cat >>{rules}\n");
        lab.AddProgram("iptables-save", $"/bin/cat {lab.Lab.Folder}/saved\n");
        lab.Write($"[Interface]\nPrivateKey = {Own.Private}\nAddress = 10.0.0.1/24\n{Peer("0.0.0.0/0")}");
        string comment = $"-m comment --comment \"wg-quick(8) rule for {lab.Name}\"";

        CommandResult up = lab.RunAlone("up", lab.ConfigurationFile);
        Assert.True(up.Succeeded, up.ToString());
        Assert.Equal(
            $"""
            called -n
            *raw
            -I PREROUTING ! -i {lab.Name} -d 10.0.0.1 -m addrtype ! --src-type LOCAL -j DROP {comment}
            COMMIT
            *mangle
            -I POSTROUTING -m mark --mark 51820 -p udp -j CONNMARK --save-mark {comment}
            -I PREROUTING -p udp -j CONNMARK --restore-mark {comment}
            COMMIT

            """,
            File.ReadAllText(rules));

        File.WriteAllText(Path.Combine(lab.Lab.Folder, "saved"), $"*raw\n-A PREROUTING -j ACCEPT\n-A PREROUTING -j DROP {comment}\nCOMMIT\n");
        CommandResult down = lab.RunAlone("down", lab.ConfigurationFile);
        Assert.True(down.Succeeded, down.ToString());
        Assert.EndsWith($"called -n\n*raw\n-D PREROUTING -j DROP {comment}\nCOMMIT\n", File.ReadAllText(rules), StringComparison.Ordinal);
    }

    /// <summary>A gateway's prefixes that peers may claim addresses in are routed like those that they have.</summary>
    [Fact]
    public void Up_LearnablePrefix_HasARoute()
    {
        using var lab = new QuickLab();
        lab.Write($"[Interface]\nPrivateKey = {Own.Private}\nAddress = fd00::1/64\n\n[Peer]\nPublicKey = {First.Public}\nLearnableIPs = fd00::/64, fd05::/64\n");

        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);

        Assert.Contains($"fd05::/64 dev {lab.Name} metric", lab.State(), StringComparison.Ordinal);
    }

    private static string Peer(string allowedIps, KeyPair? keys = null, string? endpoint = null) =>
        $"\n[Peer]\nPublicKey = {(keys ?? First).Public}\nAllowedIPs = {allowedIps}\n" + (endpoint is null ? "" : $"Endpoint = {endpoint}\n");
}
