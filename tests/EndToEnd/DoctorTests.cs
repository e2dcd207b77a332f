using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>
/// <c>wgnet doctor</c> on a gateway that works, and on one with something wrong with it that depends on the system: it finds that, and
/// does not when its own mends have been carried out.
/// </summary>
public sealed class DoctorTests
{
    private const string InputChain = "nft add table inet filter; nft add chain inet filter input '{ type filter hook input priority 0; policy drop; }'; nft add rule inet filter input ct state established accept; ";
    private const string ForwardChain = "nft add table inet filter; nft add chain inet filter forward '{ type filter hook forward priority 0; policy drop; }'; ";

    /// <summary>A finding, and the commands that provoke it on a running gateway; {0} is the interface, {1} its file, {2} the folder.</summary>
    public static TheoryData<string, string> Running => new()
    {
        { "file-readable", "chmod 755 {2}; chmod 644 {1}" },
        { "file-writable", "chmod 755 {2}; chmod 666 {1}" },
        { "folder-writable", "chmod 777 {2}" },
        { "not-applied", "printf '\\n[Peer]\\nPublicKey = AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\\nAllowedIPs = 10.9.0.9\\n' >>{1}" },
        { "interface-down", "ip link set {0} down" },
        { "address-missing", "ip address delete 2001:db8:1::1/64 dev {0}" },
        { "route-missing", "ip -6 route delete 2001:db8:1::/64 dev {0}" },
        { "ipv6-disabled", "sysctl -qw net.ipv6.conf.{0}.disable_ipv6=1" },
        { "ipv6-not-forwarded", "sysctl -qw net.ipv6.conf.all.forwarding=0" },
        { "ipv4-not-forwarded", "sysctl -qw net.ipv4.ip_forward=0" },
        { "mtu-too-large", "wgnet set {0} peer $(wg show {0} peers) endpoint 172.16.1.2:51820; ip link set {0} mtu 1441" },
        { "mtu-below-ipv6", "ip link set {0} mtu 1279" },
        { "port-filtered", InputChain },
        { "solicitation-filtered", InputChain + "nft add rule inet filter input udp dport 51820 accept" },
        { "forward-filtered", ForwardChain + "nft add rule inet filter forward ct state established,related accept" },
        { "answers-filtered", ForwardChain + "nft add rule inet filter forward iifname {0} accept" },
        { "reverse-path-strict", "wgnet set {0} peer $(wg show {0} peers) allowed-ips +10.77.0.0/16; sysctl -qw net.ipv4.conf.{0}.rp_filter=1" },
        { "offload-switched-off", "wgnet down {1}; WGNET_OFFLOAD=off wgnet up {1}" },
        { "interface-held", "wgnet down {1}; ip tuntap add dev {0} mode tun" },
        { "name-taken", "wgnet down {1}; ip link add {0} type veth peer name other" },
        { "other-implementation", "wgnet down {1}; wireguard-go {0} >/dev/null 2>&1" },
    };

    [Fact]
    public void Doctor_OnAGatewayThatWorks_FindsNothingWrong()
    {
        using var lab = new DoctorLab();
        lab.Up();
        Tunnel client = Tunnel.Start(lab.Far, Implementation.WireGuardGo);
        Assert.True(lab.Gateway.TryRun([Programs.WgNet, "set", lab.Name, "peer", client.Keys.Public, "learnable-ips", $"{SlaacNetwork.Prefix},{SlaacNetwork.LinkLocalPrefix}"]).Succeeded);
        lab.Write(lab.Text + $"\n[Peer]\nPublicKey = {client.Keys.Public}\nLearnableIPs = {SlaacNetwork.Prefix}, {SlaacNetwork.LinkLocalPrefix}\n");
        client.Set($"peer {lab.Gateway.Run($"wg show {lab.Name} public-key").Trim()} allowed-ips ::/0 endpoint 172.16.1.1:{Tunnel.Port}");
        client.Up(TunnelPair.DefaultMtu);
        string address = SlaacNetwork.WaitForAddress(lab.Far, client.Name, "mngtmpaddr");
        Ping.Succeeds(lab.Far, SlaacNetwork.GatewayAddress);
        Ping.Succeeds(lab.Gateway, address);

        string before = State(lab);
        CommandResult doctor = lab.Doctor();
        Assert.Equal((0, ""), (doctor.ExitCode, doctor.Error));
        Assert.EndsWith("\n0 errors, 0 warnings, 21 ok, 0 skipped\n", doctor.Output, StringComparison.Ordinal);
        Assert.StartsWith($"{lab.Name}: {lab.ConfigurationFile}, running\n  ok  ", doctor.Output, StringComparison.Ordinal);
        Assert.Empty(lab.Findings());
        Assert.Equal(before, State(lab));

        CommandResult byName = lab.Gateway.TryRun([Programs.WgNet, "doctor", lab.Name]);
        Assert.Equal(0, byName.ExitCode);
        Assert.StartsWith($"{lab.Name}: no file, running\n", byName.Output, StringComparison.Ordinal);
        Assert.Contains("\n0 errors, 0 warnings, ", byName.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Running))]
    public void Doctor_OnARunningGateway_FindsWhatIsWrongUntilItIsMended(string id, string provoke)
    {
        using var lab = new DoctorLab();
        lab.Up();
        Assert.Empty(lab.Findings());
        lab.Shell(provoke.Replace("{0}", lab.Name, StringComparison.Ordinal).Replace("{1}", lab.ConfigurationFile, StringComparison.Ordinal).Replace("{2}", lab.Lab.Folder, StringComparison.Ordinal));
        FindAndMend(lab, id);
    }

    [Fact]
    public void Doctor_ProcessWasKilled_HasTheInterfaceBroughtUpAgain()
    {
        using var lab = new DoctorLab();
        JsonElement stale = default;
        Wait.Until(
            () =>
            {
                // Again if need be: stock wg, which other tests run, removes stale sockets wherever it sees them.
                if (!File.Exists(UapiSocket.PathOf(lab.Name)))
                {
                    lab.Shell($"wgnet up {lab.ConfigurationFile}");
                    lab.Shell($"kill -9 {lab.DaemonId}");
                    Wait.Until(() => !lab.Gateway.TryRun($"ip link show {lab.Name}").Succeeded, TimeSpan.FromSeconds(5), "the interface stays");
                }

                return lab.Findings().TryGetValue("socket-stale", out stale);
            },
            TimeSpan.FromSeconds(30),
            () => lab.Doctor().Output);
        lab.Mend(stale);
        Assert.Empty(lab.Findings().Keys.Except(["not-advertised"], StringComparer.Ordinal));
    }

    [Fact]
    public void Doctor_NobodyAdvertises_SaysWhatRadvdIsToBeTold()
    {
        using var lab = new DoctorLab();
        lab.Up();
        lab.Advertiser!.Signal("TERM");
        Assert.True(lab.Advertiser.WaitForExit(TimeSpan.FromSeconds(5)));
        JsonElement finding = Assert.Contains("not-advertised", lab.Findings());
        string file = Path.Combine(lab.Lab.Folder, "printed.conf");
        File.WriteAllText(file, finding.GetProperty("mends")[0].GetProperty("setting").GetString() + "\n");
        Daemon radvd = lab.Gateway.Start("radvd", "-n", "-m", "stderr", "-C", file, "-p", file + ".pid");
        Wait.Until(() => radvd.HasExited || !lab.Findings().ContainsKey("not-advertised"), TimeSpan.FromSeconds(10), () => radvd.Log);
        Assert.False(radvd.HasExited, radvd.Log);
    }

    [Fact]
    public void Doctor_UpstreamThatIsNoLongerHeard_IsHeardAgain()
    {
        using var lab = new DoctorLab();
        lab.Gateway.Sysctl("net.ipv6.conf.all.forwarding", 0);
        lab.Far.EnableForwarding();
        string link = lab.Gateway.Links[0].Interface;
        Radvd.Start(lab.Far, lab.Far.Links[0].Interface, lab.Lab.Folder, "2001:db8:77::/64");
        lab.Gateway.Run($"ip link set {link} down");
        lab.Gateway.Run($"ip link set {link} up");
        _ = SlaacNetwork.WaitForAddress(lab.Gateway, link, "dynamic");
        lab.Gateway.Sysctl("net.ipv6.conf.all.forwarding", 1);
        lab.Up();
        JsonElement finding = Assert.Contains("advertisements-ignored", lab.Findings());
        Assert.Contains(link, finding.GetProperty("what").GetString(), StringComparison.Ordinal);
        lab.Mend(finding);
        Assert.DoesNotContain("advertisements-ignored", lab.Findings());
    }

    [Fact]
    public void Doctor_DefaultRouteWithoutValidMark_FindsWhatDropsTheTunnelsPackets()
    {
        using var lab = new DoctorLab();
        lab.Gateway.Run("ip route add default via 172.16.1.2");
        lab.Write(lab.Text + "AllowedIPs = 0.0.0.0/0\nEndpoint = 172.16.1.2:51820\n");
        lab.Up();
        lab.Gateway.Sysctl($"net.ipv4.conf.{lab.Gateway.Links[0].Interface}.rp_filter", 1);
        Assert.DoesNotContain("reverse-path-mark", lab.Findings());
        lab.Gateway.Sysctl("net.ipv4.conf.all.src_valid_mark", 0);
        FindAndMend(lab, "reverse-path-mark");
    }

    [Fact]
    public void Doctor_PortOfAnotherProcess_NamesItAndTheInterfaceGetsAnotherPort()
    {
        using var lab = new DoctorLab();
        lab.Up();
        lab.Gateway.Run($"ip link set {lab.Name} down");
        Socket[] taken = TakePort(lab.Gateway);
        try
        {
            lab.Gateway.Run($"ip link set {lab.Name} up");
            Wait.Until(() => lab.Findings().ContainsKey("port-taken"), TimeSpan.FromSeconds(5), () => lab.Doctor().Output);
            JsonElement finding = lab.Findings()["port-taken"];
            Assert.Contains($"(process {Environment.ProcessId})", finding.GetProperty("what").GetString(), StringComparison.Ordinal);
            lab.Mend(finding);
            Assert.DoesNotContain("port-taken", lab.Findings());
        }
        finally
        {
            Array.ForEach(taken, socket => socket.Dispose());
        }
    }

    [Fact]
    public void Doctor_PortThatWasTakenWhenItCameUp_IsOpenedAgain()
    {
        using var lab = new DoctorLab();
        lab.Up();
        lab.Gateway.Run($"ip link set {lab.Name} down");
        Socket[] taken = TakePort(lab.Gateway);
        lab.Gateway.Run($"ip link set {lab.Name} up");
        Wait.Until(() => lab.Findings().ContainsKey("port-taken"), TimeSpan.FromSeconds(5), () => lab.Doctor().Output);
        Array.ForEach(taken, socket => socket.Dispose());
        JsonElement finding = Assert.Contains("port-closed", lab.Findings());
        lab.Mend(finding);
        Wait.Until(() => !lab.Findings().ContainsKey("port-closed"), TimeSpan.FromSeconds(5), () => lab.Doctor().Output);
    }

    [Fact]
    public void Doctor_BeforeUp_FindsThePortTakenAndItsFileMended()
    {
        using var lab = new DoctorLab();
        Socket[] taken = TakePort(lab.Gateway);
        FindAndMend(lab, "port-taken");
        Array.ForEach(taken, socket => socket.Dispose());
    }

    [Theory]
    [InlineData("allowed-ips-moved", "AllowedIPs = 10.9.0.2/32")]
    [InlineData("learnable-hidden", "AllowedIPs = 2001:db8:1::/64, 10.9.0.3/32")]
    [InlineData("allowed-ips-own", "AllowedIPs = 10.9.0.1/32, 10.9.0.3/32")]
    [InlineData("learnable-too-long", "LearnableIPs = 2001:db8:1::/80, fe80::/64")]
    [InlineData("learnable-no-link-local", "LearnableIPs = 2001:db8:1::/64")]
    public void Doctor_OfAFile_FindsWhatIsWrongUntilItsLineIsReplaced(string id, string line)
    {
        using var lab = new DoctorLab();
        lab.Write($"{lab.Text}\n[Peer]\nPublicKey = {KeyPair.Generate().Public}\n{line}\n");
        FindAndMend(lab, id);
        lab.Shell($"wgnet up {lab.ConfigurationFile}");
    }

    [Fact]
    public void Doctor_OfAFileAlone_FindsEndpointsThatCannotBeReached()
    {
        using var lab = new DoctorLab();
        lab.Write(lab.Text + $"""
            [Peer]
            PublicKey = {KeyPair.Generate().Public}
            AllowedIPs = 172.16.0.0/12
            Endpoint = 172.31.0.1:1
            [Peer]
            PublicKey = {KeyPair.Generate().Public}
            Endpoint = 192.0.2.1:1
            [Peer]
            PublicKey = {KeyPair.Generate().Public}
            Endpoint = none.invalid:1

            """);
        IReadOnlyDictionary<string, JsonElement> findings = lab.Findings();
        Assert.Contains("172.31.0.1", findings["endpoint-in-tunnel"].GetProperty("what").GetString(), StringComparison.Ordinal);
        Assert.Contains("192.0.2.1", findings["endpoint-unreachable"].GetProperty("what").GetString(), StringComparison.Ordinal);
        Assert.Contains("none.invalid:1", findings["endpoint-unresolved"].GetProperty("what").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Doctor_NameThatLeadsToNobody_IsSaidToHaveNoAddress()
    {
        using var lab = new DoctorLab();
        lab.Write(lab.Text + "Endpoint = 0.0.0.0.nowhere.test:1\n");
        string hosts = Path.Combine(lab.Lab.Folder, "hosts");
        File.WriteAllText(hosts, "0.0.0.0 0.0.0.0.nowhere.test\n");
        CommandResult doctor = lab.Gateway.TryRun(["unshare", "--mount", "sh", "-c", $"mount --bind {hosts} /etc/hosts && exec {Programs.WgNet} doctor {lab.ConfigurationFile}"]);
        Assert.Contains("0.0.0.0.nowhere.test:1 has no address now: its address 0.0.0.0 cannot be a peer's", doctor.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Doctor_ProcessThatIsStopped_IsSaidNotToAnswerUntilItIsReplaced()
    {
        using var lab = new DoctorLab();
        lab.Up();
        lab.Shell($"kill -STOP {lab.DaemonId}");
        FindAndMend(lab, "no-answer");
    }

    [Fact]
    public void Doctor_PeerThatDoesNotKnowThisSide_IsSaidToBeSilent()
    {
        using var lab = new DoctorLab();
        lab.Write(lab.Text + $"Endpoint = 172.16.1.2:{Tunnel.Port}\n");
        lab.Up();
        Ping.Fails(lab.Gateway, "10.9.0.2");
        Assert.Contains("peer-silent", lab.Findings());
    }

    [Fact]
    public void Doctor_TwoClientsWithOneLinkLocalAddress_FindsItUntilOneHasAnother()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel first = network.AddClient(), second = network.AddClient();
        _ = SlaacNetwork.WaitForAddress(first);
        _ = SlaacNetwork.WaitForAddress(second);
        Give(first, "fe80::2");
        Ping.Succeeds(first.Host, $"fe80::1%{first.Name}");
        Wait.Until(() => network.Learned(first).Contains("fe80::2", StringComparer.Ordinal), TimeSpan.FromSeconds(5), "fe80::2 is not learned");
        network.Learned(second).Where(address => address.StartsWith("fe80", StringComparison.Ordinal)).ToList()
            .ForEach(address => network.GatewayHost.Run($"{Programs.WgNet} learned {network.Gateway.Name} forget {address}"));
        Give(second, "fe80::2");
        Ping.Fails(second.Host, $"fe80::1%{second.Name}");

        JsonElement finding = Find(network, "link-local-conflict")!.Value;
        Assert.StartsWith($"peer {second.Keys.Public[..8]}", finding.GetProperty("what").GetString(), StringComparison.Ordinal);
        string printed = finding.GetProperty("mends")[0].GetProperty("setting").GetString()!;
        Give(second, printed["Address = ".Length..].Split('/')[0]);
        Ping.Succeeds(second.Host, $"fe80::1%{second.Name}");
        Assert.Null(Find(network, "link-local-conflict"));
    }

    [Fact]
    public void Doctor_ClientsFilesWithOneLinkLocalAddress_FindsItUntilOneIsChanged()
    {
        using var lab = new DoctorLab();
        string folder = Directory.CreateDirectory(Path.Combine(lab.Lab.Folder, lab.Name + "-clients")).FullName;
        foreach (string client in (string[])["laptop", "phone"])
        {
            File.WriteAllText(Path.Combine(folder, client + ".conf"), $"[Interface]\nPrivateKey = {KeyPair.Generate().Private}\nAddress = fe80::7/64\n");
        }

        FindAndMend(lab, "link-local-shared");
    }

    [Fact]
    public void Doctor_ClockBeforeTheLastRun_SaysWhenThatWas()
    {
        using var lab = new DoctorLab();
        Directory.CreateDirectory("/var/lib/wgnet");
        File.WriteAllText($"/var/lib/wgnet/{lab.Name}.timestamp", "3000000000000000000\n");
        JsonElement finding = Assert.Contains("clock-set-back", lab.Findings());
        Assert.Contains("2065-01-24", finding.GetProperty("what").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Doctor_OfAUserWhoMayNot_SaysWhatOnlyRootSees()
    {
        using var lab = new DoctorLab();
        lab.Up();
        // The one that was built may be in a folder of root's.
        string program = Path.Combine(lab.Lab.Folder, "wgnet");
        File.Copy(Programs.WgNet, program);
        lab.Shell($"chmod 755 {lab.Lab.Folder} {program}");
        CommandResult result = lab.Gateway.TryRun(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "doctor", lab.ConfigurationFile]);
        Assert.Equal("", result.Error);
        Assert.Contains("skipped  configuration   only root can read it: ", result.Output, StringComparison.Ordinal);
        Assert.Contains("only root may ask /var/run/wireguard/", result.Output, StringComparison.Ordinal);
        Assert.Contains("only root can read the firewall", result.Output, StringComparison.Ordinal);
        Assert.Contains("\n0 errors, 0 warnings, ", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
    }

    [Theory]
    [InlineData("there is neither an interface `wgtnone' nor a file `/etc/wireguard/wgtnone.conf'", "wgtnone")]
    [InlineData("`/etc/none.conf' does not exist", "/etc/none.conf")]
    public void Doctor_OfNothing_SaysSo(string message, string argument)
    {
        using var lab = new Lab();
        CommandResult result = lab.AddHost("host").TryRun([Programs.WgNet, "doctor", argument]);
        Assert.Equal((1, "", $"wgnet: {message}\n"), (result.ExitCode, result.Output, result.Error));
    }

    // All that doctor might have changed, and that traffic does not.
    private static string State(DoctorLab lab) => lab.Shell($"sysctl net.ipv6.conf net.ipv4.conf; ip address; ip -4 rule; ip -6 rule; nft list ruleset; wg showconf {lab.Name}; stat -c '%a %Y' {lab.Lab.Folder} {lab.ConfigurationFile}").Replace(" tentative", "", StringComparison.Ordinal);

    private static void FindAndMend(DoctorLab lab, string id)
    {
        IReadOnlyDictionary<string, JsonElement> findings = lab.Findings();
        Assert.True(findings.ContainsKey(id), lab.Doctor().Output);
        lab.Mend(findings[id]);
        Wait.Until(() => !lab.Findings().ContainsKey(id), TimeSpan.FromSeconds(5), () => lab.Doctor().Output);
    }

    private static JsonElement? Find(SlaacNetwork network, string id)
    {
        CommandResult result = network.GatewayHost.TryRun([Programs.WgNet, "doctor", network.Gateway.Name, "--json"]);
        using var json = JsonDocument.Parse(result.Output);
        foreach (JsonElement finding in json.RootElement.GetProperty("reports")[0].GetProperty("findings").EnumerateArray())
        {
            if (finding.GetProperty("id").GetString() == id)
            {
                return finding.Clone();
            }
        }

        return null;
    }

    // In place of all that the client has, so that it can use no other.
    private static void Give(Tunnel client, string linkLocal)
    {
        client.Host.Run($"ip -6 address flush dev {client.Name} scope link");
        client.Host.Run($"ip address add {linkLocal}/64 dev {client.Name} nodad");
        client.WaitUntilKernelKnows(linkLocal);
    }

    // A moment after the interface went down, when it has let go.
    private static Socket[] TakePort(Host host)
    {
        Wait.Until(() => !host.Run("ss -Hnlu").Contains($":{Tunnel.Port} ", StringComparison.Ordinal), TimeSpan.FromSeconds(5), "the port is not let go");
        return host.Namespace.Enter(() => new[] { Bind(AddressFamily.InterNetwork), Bind(AddressFamily.InterNetworkV6) });
    }

    private static Socket Bind(AddressFamily family)
    {
        var socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp) { ExclusiveAddressUse = true };
        socket.Bind(new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, Tunnel.Port));
        return socket;
    }
}
