using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>
/// <c>wgnet set</c>, <c>setconf</c>, <c>addconf</c> and <c>syncconf</c> do what stock wg(8) does: two equal devices, one driven by each,
/// are the same after every step.
/// </summary>
public sealed class SetParityTests
{
    private const string A = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
    private const string B = "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=";

    private const string C = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";

    private const string UnknownName = $"set * peer {A} endpoint nosuchhost.invalid:5";

    // FILE stands for a file with a key in it, CONF for one with a configuration.
    private static readonly string[] Steps =
    [
        "set * listen-port 51821 fwmark 0x2a private-key FILE",
        "set * fwmark 7 listen-port 51820",
        "set * fwmark OFF",
        "set * fwmark 0",
        $"set * peer {A} allowed-ips 10.0.0.0/8,fd00::/8 endpoint 192.0.2.1:5 persistent-keepalive 25 preshared-key FILE",
        $"set * peer {A} allowed-ips 10.1.0.0/16",
        $"set * peer {A} endpoint [2001:db8::1]:65535 persistent-keepalive off",
        $"set * peer {A} endpoint localhost:7",
        $"set * peer {A} preshared-key /dev/null",
        $"set * peer {B} allowed-ips 192.0.2.7,2001:db8::7 peer {A} allowed-ips 10.2.0.0/16 persistent-keepalive 65535",
        $"set * peer {B} allowed-ips 10.2.0.0/16",
        $"set * peer {B} allowed-ips 10.9.9.9/8 allowed-ips ::1/64",
        $"set * peer {B} allowed-ips ",
        $"set * listen-port 51822 peer {A} remove peer {B} remove",
        $"set * peer {A} remove",
        $"set * peer {A} peer {B} endpoint 192.0.2.9:1 peer {A} persistent-keepalive 5",
        $"set * peer {A} remove allowed-ips 10.0.0.0/8",
        "setconf * CONF",
        $"set * peer {B} endpoint 192.0.2.9:1 allowed-ips 10.5.0.0/16 peer {C} allowed-ips 10.6.0.0/16",
        "syncconf * CONF",
        "addconf * CONF",
        "set * private-key /dev/null",
        "setconf * /dev/null",

        // Refused: with the same code, and nothing is changed.
        "set *",
        "set * bogus",
        "set * fwmark",
        "set * fwmark x",
        "set * fwmark 4294967296",
        "set * listen-port x",
        "set * private-key /nowhere",
        "set * private-key /proc/version",
        "set * peer",
        "set * peer abc",
        "set * remove",
        "set * endpoint 192.0.2.1:5",
        $"set * peer {A} fwmark 5",
        $"set * peer {A} bogus",
        $"set * peer {A} endpoint 192.0.2.1",
        $"set * peer {A} endpoint [2001:db8::1:5",
        UnknownName,
        $"set * peer {A} persistent-keepalive 65536",
        $"set * peer {A} persistent-keepalive -1",
        $"set * peer {A} allowed-ips 10.0.0.0/33",
        $"set * peer {A} allowed-ips ::/129",
        $"set * peer {A} allowed-ips 10.0.0.0/8,",
        $"set * peer {A} allowed-ips 10.0.0/8",
        "setconf * /nowhere",
        "setconf *",
        "addconf * CONF CONF",
        "setconf * BAD",
    ];

    [Theory]
    [InlineData(Implementation.WgNet)]
    [InlineData(Implementation.WireGuardGo)]
    public void EveryStep_ByStockWgAndByWgNet_LeavesTheSameDevice(Implementation implementation)
    {
        using var lab = new Lab();
        Tunnel stock = Tunnel.Start(lab.AddHost("stock"), implementation);
        Tunnel ours = Tunnel.Start(lab.AddHost("ours"), implementation);
        WriteFiles(lab.Folder);
        ours.SetPrivateKey(stock.Keys);

        // WgNet's own interface takes a name that nobody knows, and goes on asking: EndpointNameTests.
        foreach (string step in Steps.Where(step => implementation != Implementation.WgNet || step != UnknownName))
        {
            CommandResult first = Run(stock, "wg", step, lab.Folder);
            CommandResult second = Run(ours, Programs.WgNet, step, lab.Folder);
            Assert.True(first.ExitCode == second.ExitCode, $"{first}\n{second}");
            Assert.Equal(Warnings(first), Warnings(second));
            Assert.True(Device(stock) == Device(ours), $"{step}\n{Device(stock)}\n{Device(ours)}");
        }
    }

    /// <summary>Stock wg of Debian 12 has no signs yet: it is given the whole list that should come out.</summary>
    [Fact]
    public void AllowedIpsWithSigns_AddAndTakeAway()
    {
        using var lab = new Lab();
        Tunnel stock = Tunnel.Start(lab.AddHost("stock"), Implementation.WgNet);
        Tunnel ours = Tunnel.Start(lab.AddHost("ours"), Implementation.WgNet);
        ours.SetPrivateKey(stock.Keys);
        (string Signs, string Whole)[] steps =
        [
            ("10.0.0.0/8,fd00::/8", "10.0.0.0/8,fd00::/8"),
            ("+10.1.0.0/16", "10.0.0.0/8,10.1.0.0/16,fd00::/8"),
            ("-10.0.0.0/8,+192.0.2.1", "10.1.0.0/16,192.0.2.1/32,fd00::/8"),
            ("-172.16.0.0/12", "10.1.0.0/16,192.0.2.1/32,fd00::/8"),
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("", ""),
        ];
        foreach ((string signs, string whole) in steps)
        {
            stock.Host.Run("wg", "set", stock.Name, "peer", A, "allowed-ips", whole);
            ours.Host.Run(Programs.WgNet, "set", ours.Name, "peer", A, "allowed-ips", signs);
            Assert.Equal(Device(stock), Device(ours));
        }
    }

    /// <summary>The one difference: stock wg 1.0.20210914 leaves both as they are, and so does not make of a file what setconf makes of it.</summary>
    [Fact]
    public void Syncconf_FileWithoutKeepaliveAndPresharedKey_SwitchesThemOff()
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        WriteFiles(lab.Folder);
        tunnel.Set($"peer {B} persistent-keepalive 9 preshared-key {Path.Combine(lab.Folder, "FILE")}");
        tunnel.Host.Run($"{Programs.WgNet} syncconf {tunnel.Name} {Path.Combine(lab.Folder, "CONF")}");
        Assert.Contains($"{B}\t(none)\n", tunnel.Host.Run($"wg show {tunnel.Name} preshared-keys"), StringComparison.Ordinal);
        Assert.Contains($"{B}\toff\n", tunnel.Host.Run($"wg show {tunnel.Name} persistent-keepalive"), StringComparison.Ordinal);
    }

    [Fact]
    public void KeysFromAPipe_AreReadAsFromAFile()
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        string key = Command.Run("wg", "genkey").Trim(), psk = Command.Run("wg", "genpsk").Trim();
        tunnel.Host.Run("bash", "-c", $"{Programs.WgNet} set {tunnel.Name} private-key <(echo {key}) peer {A} preshared-key <(echo {psk})");
        Assert.Equal($"{key}\n", tunnel.Host.Run($"wg show {tunnel.Name} private-key"));
        Assert.Equal($"{A}\t{psk}\n", tunnel.Host.Run($"wg show {tunnel.Name} preshared-keys"));

        CommandResult set = tunnel.Host.TryRun([Programs.WgNet, "set", tunnel.Name, "private-key", "/dev/stdin"], tunnel.Keys.Private + "\n");
        Assert.True(set.Succeeded, set.ToString());
        Assert.Equal($"{tunnel.Keys.Private}\n", tunnel.Host.Run($"wg show {tunnel.Name} private-key"));
    }

    /// <summary>
    /// Nothing answers DNS in this network, which may pass: so it is tried again, as often as the environment says, for an interface
    /// that does not do that by itself.
    /// </summary>
    [Fact]
    public void EndpointName_WithoutDns_IsTriedAgainAsOftenAsWgDoes()
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WireGuardGo);
        string conf = Path.Combine(lab.Folder, "name.conf");
        File.WriteAllText(conf, $"[Peer]\nPublicKey = {A}\nEndpoint = gateway.example:7\n");
        string set = $"set {tunnel.Name} peer {A} endpoint gateway.example:7";
        string[] commands = ["wg " + set, $"{Programs.WgNet} {set}", .. new[] { "setconf", "addconf", "syncconf" }.Select(verb => $"{Programs.WgNet} {verb} {tunnel.Name} {conf}")];
        foreach (string command in commands)
        {
            Assert.Equal(1, Retries("1", command, out string error));
            Assert.Contains("`gateway.example:7'. Trying again in 1.00 seconds...\n", error, StringComparison.Ordinal);
            Assert.Equal(0, Retries("0", command, out _));
            Assert.Equal(0, Retries("many", command, out error));
            Assert.Contains("WG_ENDPOINT_RESOLUTION_RETRIES", error, StringComparison.Ordinal);
        }

        int Retries(string value, string command, out string error)
        {
            CommandResult result = tunnel.Host.TryRun(["env", "WG_ENDPOINT_RESOLUTION_RETRIES=" + value, .. command.Split(' ')]);
            Assert.Equal(1, result.ExitCode);
            error = result.Error;
            return error.Split("Trying again").Length - 1;
        }
    }

    [Fact]
    public void Learning_OnADeviceOfWireGuardGo_IsRefusedAndNothingIsChanged()
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WireGuardGo);
        string before = Device(tunnel);
        CommandResult set = tunnel.Host.TryRun($"{Programs.WgNet} set {tunnel.Name} fwmark 1 peer {A} learnable-ips 2001:db8::/64");
        Assert.Equal(1, set.ExitCode);
        Assert.Equal($"wgnet: Unable to modify interface: {tunnel.Name}: another implementation runs it, which has no learnable addresses\n", set.Error);
        Assert.Equal(before, Device(tunnel));
    }

    private static void WriteFiles(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "FILE"), Command.Run("wg", "genkey"));
        File.WriteAllText(Path.Combine(folder, "BAD"), "[Interface]\nFwMark = 9\nNonsense = 1\n");
        File.WriteAllText(
            Path.Combine(folder, "CONF"),
            $"""
            [Interface]
            PrivateKey = {Command.Run("wg", "genkey").Trim()}
            ListenPort = 51823
            FwMark = 0x99
            [Peer]
            PublicKey = {A}
            PresharedKey = {Command.Run("wg", "genpsk").Trim()}
            AllowedIPs = 10.3.0.0/16, fd03::/64
            Endpoint = 192.0.2.3:3
            PersistentKeepalive = 33
            [Peer]
            PublicKey = {B}
            AllowedIPs = 10.4.0.1/16
            """);
    }

    private static CommandResult Run(Tunnel tunnel, string program, string step, string folder) => tunnel.Host.TryRun(
        ["env", "WG_ENDPOINT_RESOLUTION_RETRIES=0", program, .. step.Split(' ').Select(word => word switch
        {
            "*" => tunnel.Name,
            "FILE" or "CONF" or "BAD" => Path.Combine(folder, word),
            _ => word,
        })]);

    private static IEnumerable<string> Warnings(CommandResult result) =>
        result.Error.Split('\n').Where(line => line.StartsWith("Warning: ", StringComparison.Ordinal));

    // Each setting of each peer, in an order of its own: wireguard-go reports peers in none. Stock wg does not tell WgNet the name that an
    // endpoint was found by, and wireguard-go chooses a port of its own for 0.
    private static string Device(Tunnel tunnel)
    {
        string peer = "";
        List<string> lines = [];
        foreach ((string key, string value) in UapiSocket.Get(tunnel.Name))
        {
            peer = key == "public_key" ? value + " " : peer;
            if (key is not ("errno" or "endpoint_host") && (key != "listen_port" || value.StartsWith("5182", StringComparison.Ordinal)))
            {
                lines.Add($"{peer}{key}={value}");
            }
        }

        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }
}
