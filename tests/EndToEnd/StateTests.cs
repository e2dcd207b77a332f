using System.Globalization;
using System.Text.RegularExpressions;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>What was learned outlives the process: docs/learning.md, "Across restarts".</summary>
public sealed partial class StateTests
{
    // In seconds.
    private const string ThirtyDays = "2592000";

    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(8);

    [Theory]
    [InlineData("KILL", Outside.IPv4)]
    [InlineData("TERM", Outside.IPv6)]
    public void QuietClient_AfterTheGatewaysRestart_IsReachedByAHandshakeOfTheGateways(string signal, Outside outside)
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, outside);
        Tunnel client = network.AddClient(temporaryAddresses: true);
        string[] addresses = [SlaacNetwork.WaitForAddress(client), SlaacNetwork.WaitForTemporaryAddress(client)];
        Array.ForEach(addresses, address => Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress, "-I", address));
        string endpoint = network.Gateway.EndpointOf(client);
        if (signal == "KILL")
        {
            WaitUntilKept(network.Gateway.Name, [.. addresses, endpoint]);
        }

        RefuseInitiations(client);
        network.RestartGateway(signal, client);
        Assert.Equal(endpoint, network.Gateway.EndpointOf(client));
        Assert.Equal(0, network.Gateway.LatestHandshake(client));
        Assert.Subset(network.Learned(client).ToHashSet(StringComparer.Ordinal), addresses.ToHashSet(StringComparer.Ordinal));

        Array.ForEach(addresses, address => Ping.Succeeds(network.GatewayHost, address));
        Assert.NotEqual(0, network.Gateway.LatestHandshake(client));

        // The client could not have begun: without a session it reaches nobody.
        BeginAnew(network, client, outside);
        Ping.Fails(client.Host, SlaacNetwork.GatewayAddress);
        Assert.NotEqual(0, RefusedInitiations(client));
    }

    /// <summary>
    /// As after a reboot, or on a machine restored from an image: the clock that the device goes by begins anew, far ahead and then far
    /// behind of what it was. Ages go on by the wall clock.
    /// </summary>
    [Fact]
    public void QuietClient_AfterARebootWithAnotherClock_IsReachedAndAsOldAsItIs()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        RefuseInitiations(client);
        foreach (string[] launcher in (string[][])[["unshare", "--time", "--boottime", ThirtyDays], []])
        {
            network.Gateway.Launcher = launcher;
            network.RestartGateway("TERM", client);
            Assert.Contains(address, network.Learned(client));
            Assert.All(network.Gateway.PeerValues(client, "learned_age_sec"), age => Assert.InRange(int.Parse(age, CultureInfo.InvariantCulture), 0, 60));
            Ping.Succeeds(network.GatewayHost, address);

            // Limits begin anew with the process, and nobody is kept from learning.
            string another = $"2001:db8:1::b00{launcher.Length}";
            SlaacNetwork.AddAddress(client, another);
            Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress, "-I", another);
            Assert.Contains(another, network.Learned(client));
        }
    }

    /// <summary>As after a reboot: the gateway's outside interface has another index, and its old one another interface.</summary>
    [Fact]
    public void QuietClient_AtALinkLocalAddress_IsReachedThroughTheInterfaceOfThatName()
    {
        const string Inside = "10.77.0.1", ClientInside = "10.77.0.2", Card = "outside0";
        using var lab = new Lab();
        Host gatewayHost = lab.AddHost("gateway"), clientHost = lab.AddHost("client");
        int before = Connect();
        Tunnel gateway = Tunnel.Start(gatewayHost, Implementation.WgNet), client = Tunnel.Start(clientHost, Implementation.WireGuardGo);
        UpGateway();
        client.ListenOn(Tunnel.Port);
        client.AddPeer(gateway, Inside + "/32", $"[{LinkLocal(1)}%{Card}]:{Tunnel.Port}");
        client.Up(TunnelPair.DefaultMtu, ClientInside + "/24");
        Ping.Succeeds(clientHost, Inside);
        string endpoint = $"[{LinkLocal(2)}%{Card}]:{Tunnel.Port}";
        Assert.Equal(endpoint, gateway.EndpointOf(client));

        gateway.Daemon.Signal("TERM");
        Assert.True(gateway.Daemon.WaitForExit(WriteTimeout));
        Assert.Contains($"\nendpoint={endpoint}\n", File.ReadAllText(StatePath(gateway.Name)), StringComparison.Ordinal);
        gatewayHost.Run($"ip link delete {Card}");
        gatewayHost.Run(["ip", "link", "add", "another", "index", before.ToString(CultureInfo.InvariantCulture), "type", "veth", "peer", "name", "far"]);
        Array.ForEach(["another", "far"], card => gatewayHost.Run($"ip link set {card} up"));
        Assert.NotEqual(before, Connect());
        RefuseInitiations(client);
        gateway.Restart("TERM");
        UpGateway();
        Assert.Equal(endpoint, gateway.EndpointOf(client));
        Ping.Succeeds(gatewayHost, ClientInside);

        // Without an interface of that name nobody knows where it is.
        gateway.Daemon.Signal("TERM");
        Assert.True(gateway.Daemon.WaitForExit(WriteTimeout));
        gatewayHost.Run($"ip link set {Card} down name outside1");
        gateway.Restart("TERM");
        gateway.Set($"peer {client.Keys.Public}");
        Assert.Equal("(none)", gateway.EndpointOf(client));

        void UpGateway()
        {
            gateway.ListenOn(Tunnel.Port);
            gateway.AddPeer(client, ClientInside + "/32");
            gateway.Up(TunnelPair.DefaultMtu, Inside + "/24");
            gateway.WaitUntilItListens();
        }

        // The interface identifier is made of the card's address (RFC 4291, appendix A).
        static string LinkLocal(int end) => $"fe80::ff:fe00:{end}";

        int Connect()
        {
            Command.Run(
                "ip", "link", "add", Card, "address", "02:00:00:00:00:01", "netns", gatewayHost.Namespace.Name,
                "type", "veth", "peer", "name", Card, "address", "02:00:00:00:00:02", "netns", clientHost.Namespace.Name);
            Array.ForEach([gatewayHost, clientHost], host => host.Run($"ip link set {Card} up"));
            foreach ((Host host, int end) in new[] { (gatewayHost, 1), (clientHost, 2) })
            {
                Wait.Until(
                    () => host.Run($"ip -6 address show dev {Card}") is var text
                        && text.Contains(LinkLocal(end), StringComparison.Ordinal) && !text.Contains("tentative", StringComparison.Ordinal),
                    WriteTimeout,
                    "no link-local address");
            }

            return int.Parse(gatewayHost.Run($"cat /sys/class/net/{Card}/ifindex"), CultureInfo.InvariantCulture);
        }
    }

    /// <summary>The clients that ask are as they were; those that do not are not in the way of others.</summary>
    [Fact]
    public void Restart_WithOneOfTwoClientsConfigured_KeepsTheOtherForLater()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel first = network.AddClient(), second = network.AddClient();
        string firstAddress = SlaacNetwork.WaitForAddress(first), secondAddress = SlaacNetwork.WaitForAddress(second);
        Ping.Succeeds(first.Host, SlaacNetwork.GatewayAddress);
        Ping.Succeeds(second.Host, SlaacNetwork.GatewayAddress);
        network.RestartGateway("TERM", first);
        Ping.Succeeds(network.GatewayHost, firstAddress);
        Ping.Fails(network.GatewayHost, secondAddress);
        network.RestartGateway("TERM", first, second);
        RefuseInitiations(second);
        Ping.Succeeds(network.GatewayHost, secondAddress);
    }

    [Fact]
    public void UpDownUp_WithAFile_KeepsWhatWasLearned()
    {
        using var lab = new Lab();
        Host gateway = lab.AddHost("gateway"), host = lab.AddHost("client");
        lab.Link(host, gateway);
        Tunnel client = Tunnel.Start(host, Implementation.WireGuardGo);
        var keys = KeyPair.Generate();
        string name = gateway.NewInterfaceName();
        string file = Path.Combine(lab.Folder, name + ".conf");
        File.WriteAllText(
            file,
            $"""
            [Interface]
            PrivateKey = {keys.Private}
            ListenPort = {Tunnel.Port}
            Address = {SlaacNetwork.GatewayAddress}/64

            [Peer]
            PublicKey = {client.Keys.Public}
            LearnableIPs = {SlaacNetwork.Prefix}
            """);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        gateway.Run(Programs.WgNet, "up", file);
        client.Set($"peer {keys.Public} allowed-ips ::/0 endpoint {Tunnel.Endpoint(gateway.Address(Outside.IPv4))}");
        client.Up(TunnelPair.DefaultMtu, "2001:db8:1::77/64");
        Ping.Succeeds(host, SlaacNetwork.GatewayAddress);

        gateway.Run(Programs.WgNet, "down", file);
        RefuseInitiations(client);
        gateway.Run(Programs.WgNet, "up", file);
        Ping.Succeeds(gateway, "2001:db8:1::77");

        // Stock wg knows no LearnableIPs: nothing is learned any more, but it comes back with the prefixes.
        gateway.Run("sh", "-c", $"{Programs.WgNet} strip {file} | grep -v Learnable >{file}.stock && wg setconf {name} {file}.stock");
        Ping.Fails(gateway, "2001:db8:1::77");
        gateway.Run(Programs.WgNet, "setconf", name, file);
        Ping.Succeeds(gateway, "2001:db8:1::77");
        gateway.Run(Programs.WgNet, "down", file);
    }

    /// <summary>Stock wg(8) and wg-quick(8) know no LearnableIPs: the peers come first, and the prefixes later.</summary>
    [Fact]
    public void WgQuick_DownAndUpAtOnce_KeepsWhatWasLearned()
    {
        using var lab = new Lab();
        Host gateway = lab.AddHost("gateway"), host = lab.AddHost("client");
        lab.Link(host, gateway);
        Tunnel client = Tunnel.Start(host, Implementation.WireGuardGo);
        var keys = KeyPair.Generate();
        string name = gateway.NewInterfaceName();
        string file = Path.Combine(lab.Folder, name + ".conf"), learn = Path.Combine(lab.Folder, "learn.conf");
        File.WriteAllText(
            file,
            $"""
            [Interface]
            PrivateKey = {keys.Private}
            ListenPort = {Tunnel.Port}
            Address = {SlaacNetwork.GatewayAddress}/64
            PostUp = {Programs.WgNet} addconf %i {learn}

            [Peer]
            PublicKey = {client.Keys.Public}
            """);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(learn, $"[Peer]\nPublicKey = {client.Keys.Public}\nLearnableIPs = {SlaacNetwork.Prefix}\n");
        string quick = $"export WG_QUICK_USERSPACE_IMPLEMENTATION={Programs.WgNet}; wg-quick";
        gateway.Run("sh", "-c", $"{quick} up {file}");
        client.Set($"peer {keys.Public} allowed-ips ::/0 endpoint {Tunnel.Endpoint(gateway.Address(Outside.IPv4))}");
        client.Up(TunnelPair.DefaultMtu, "2001:db8:1::77/64");
        Ping.Succeeds(host, SlaacNetwork.GatewayAddress);
        RefuseInitiations(client);
        for (int i = 0; i < 5; i++)
        {
            gateway.Run("sh", "-c", $"{quick} down {file} && wg-quick up {file}");
            Ping.Succeeds(gateway, "2001:db8:1::77");
        }

        gateway.Run("sh", "-c", $"{quick} down {file}");
    }

    [Fact]
    public async Task Killed_AtHundredMomentsWhileTheStateChanges_ReadsAWholeFileEachTime()
    {
        const int Kills = 100, Peers = 200;
        var random = new Random(4);
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        Tunnel tunnel = Tunnel.Start(host, Implementation.WgNet, "WGNET_TEST_STATE_INTERVAL=0");
        string[] keys = [.. Enumerable.Range(0, Peers).Select(i => "public_key=" + i.ToString("x64", CultureInfo.InvariantCulture))];
        string state = StatePath(tunnel.Name);
        int port = 1, known = 0, amidWriting = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            var ended = Task.Run(() => KillAfter(tunnel.Daemon, TimeSpan.FromMilliseconds(20 + random.Next(100))));
            while (!ended.IsCompleted && SetEndpoints(tunnel.Name, keys, port))
            {
                port++;
            }

            await ended;
            amidWriting += File.Exists(state + ".new") ? 1 : 0;
            tunnel.Restart("KILL");
            Assert.Equal(0, UapiSocket.Set(tunnel.Name, keys));
            int[] ports = [.. UapiSocket.Get(tunnel.Name).Where(line => line.Key == "endpoint").Select(line => PortOf(line.Value))];
            Assert.DoesNotContain("not a state", tunnel.Daemon.Log, StringComparison.Ordinal);
            Assert.Equal(known == 0 && ports.Length == 0 ? 0 : Peers, ports.Length);

            // Every one is of the last file or of a later one.
            Assert.All(ports, restored => Assert.InRange(restored, known, port));
            known = ports.Append(int.MaxValue).Min() is int least and < int.MaxValue ? least : known;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{amidWriting} of {Kills} kills met a write; {known} of {port} changes outlived one");
        Assert.False(File.Exists(state + ".damaged"));
        Assert.True(known > Kills, $"only {known} changes of {port} outlived a kill");
        Assert.True(amidWriting > 5, $"only {amidWriting} of {Kills} kills met a write");
    }

    [Fact]
    public void DamagedFile_IsSetAsideAndCostsNothingElse()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        string state = StatePath(network.Gateway.Name);
        WaitUntilKept(network.Gateway.Name, address);
        network.Gateway.Daemon.Signal("KILL");
        Assert.True(network.Gateway.Daemon.WaitForExit(WriteTimeout));
        byte[] content = File.ReadAllBytes(state);
        content[content.Length / 2] ^= 1;
        File.WriteAllBytes(state, content);

        network.RestartGateway("KILL", client);
        Assert.Contains($"{state} is not a state of WgNet's: ", network.Gateway.Daemon.Log, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllBytes(state + ".damaged"));
        Assert.Empty(network.Learned(client));
        BeginAnew(network, client, Outside.IPv4);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        Ping.Succeeds(network.GatewayHost, address);
        WaitUntilKept(network.Gateway.Name, address);
    }

    [Fact]
    public void StateFileOff_LeavesNothingAndKeepsNothing()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        string name = network.Gateway.Name, state = StatePath(name);
        WaitUntilKept(name, address);
        Assert.Equal("600", Command.Run("stat", "-c", "%a", state).Trim());

        string file = Path.Combine(network.Lab.Folder, "off.conf");
        File.WriteAllText(file, "[Interface]\nStateFile = off\n");
        network.GatewayHost.Run(Programs.WgNet, "addconf", name, file);
        Assert.False(File.Exists(state));
        Assert.Contains(("state_file", "off"), UapiSocket.Get(name));
        Assert.Contains("  state file: off\n", network.GatewayHost.Run(Programs.WgNet, "show", name), StringComparison.Ordinal);
        Assert.Empty(network.GatewayHost.TryRun($"wg show {name}").Error);
        SlaacNetwork.AddAddress(client, "2001:db8:1::a1");
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress, "-I", "2001:db8:1::a1");

        network.RestartGateway("TERM", client);
        Assert.False(File.Exists(state));
        Assert.Empty(network.Learned(client));
        BeginAnew(network, client, Outside.IPv4);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress, "-I", address);
        WaitUntilKept(name, address);
    }

    [Fact]
    public void FullDisk_IsLoggedOnceCountedAndCostsNothingElse()
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        string name = host.NewInterfaceName();
        Daemon daemon = host.Start(
            "unshare", "--mount", "sh", "-c",
            "mkdir -p /var/lib/wgnet && mount -t tmpfs -o size=4k none /var/lib/wgnet && head -c 4096 /dev/zero >/var/lib/wgnet/fill"
            + $" && exec {Programs.WgNet} -f {name}");
        Wait.Until(() => UapiSocket.Answers(name), WriteTimeout, () => daemon.Log);
        string peer = "public_key=" + KeyPair.Generate().PublicHex;
        Assert.Equal(0, UapiSocket.Set(name, peer, "endpoint=192.0.2.1:1"));
        Wait.Until(() => Failures() == 1, WriteTimeout, () => daemon.Log);
        Assert.Equal(0, UapiSocket.Set(name, peer, "endpoint=192.0.2.1:2"));
        Wait.Until(() => Failures() == 2, WriteTimeout, () => daemon.Log);
        Assert.Single(CannotBeKept().Matches(daemon.Log));

        Inside("rm", "/var/lib/wgnet/fill");
        Assert.Equal(0, UapiSocket.Set(name, peer, "endpoint=192.0.2.1:3"));
        Wait.Until(() => Inside("ls", "/var/lib/wgnet").Contains(name + ".state", StringComparison.Ordinal), WriteTimeout, () => daemon.Log);
        Assert.Contains("endpoint=192.0.2.1:3\n", Inside("cat", StatePath(name)), StringComparison.Ordinal);
        Assert.Equal(2, Failures());

        int Failures() => UapiSocket.Get(name).Where(line => line.Key == "state_file_failures").Sum(line => int.Parse(line.Value, CultureInfo.InvariantCulture));

        string Inside(params string[] command) =>
            Command.Run(["nsenter", "--mount", "--target", daemon.Pid.ToString(CultureInfo.InvariantCulture), .. command]);
    }

    private static string StatePath(string name) => $"/var/lib/wgnet/{name}.state";

    private static void WaitUntilKept(string name, params string[] texts) => Wait.Until(
        () => File.Exists(StatePath(name)) && File.ReadAllText(StatePath(name)) is var text && Array.TrueForAll(texts, part => text.Contains(part, StringComparison.Ordinal)),
        WriteTimeout,
        () => $"not kept: {string.Join(' ', texts)}");

    // The client forgets its session, which it would go on using for 15 seconds although the gateway has forgotten it.
    private static void BeginAnew(SlaacNetwork network, Tunnel client, Outside outside)
    {
        client.Set($"peer {network.Gateway.Keys.Public} remove");
        client.AddPeer(network.Gateway, "::/0", Tunnel.Endpoint(network.GatewayHost.Links[^1].Address(outside)));
    }

    // Type 1, the first byte of the datagram: the client can answer, but not begin.
    private static void RefuseInitiations(Tunnel client)
    {
        client.Host.Run("nft add table inet quiet");
        client.Host.Run(["nft", "add", "chain", "inet", "quiet", "output", "{ type filter hook output priority 0; }"]);
        client.Host.Run(["nft", "add", "rule", "inet", "quiet", "output", "udp", "dport", Tunnel.Port.ToString(CultureInfo.InvariantCulture), "@th,64,8", "1", "counter", "drop"]);
    }

    private static int RefusedInitiations(Tunnel client) =>
        int.Parse(Packets().Match(client.Host.Run("nft list table inet quiet")).Groups["count"].ValueSpan, CultureInfo.InvariantCulture);

    private static void KillAfter(Daemon daemon, TimeSpan delay)
    {
        Thread.Sleep(delay);
        daemon.Signal("KILL");
        daemon.WaitForExit(WriteTimeout);
    }

    // False when the process has gone meanwhile.
    private static bool SetEndpoints(string name, string[] keys, int port)
    {
        try
        {
            return UapiSocket.Set(name, [.. keys.SelectMany(key => new[] { key, string.Create(CultureInfo.InvariantCulture, $"endpoint=192.0.2.1:{port}") })]) == 0;
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or ArgumentOutOfRangeException or FormatException)
        {
            return false;
        }
    }

    private static int PortOf(string endpoint) => int.Parse(endpoint.AsSpan(endpoint.LastIndexOf(':') + 1), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"packets (?<count>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Packets();

    [GeneratedRegex("cannot be kept", RegexOptions.None, 1000)]
    private static partial Regex CannotBeKept();
}
