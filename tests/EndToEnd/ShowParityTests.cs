using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary><c>wgnet show</c> and <c>showconf</c> print what stock wg(8) prints, byte for byte, and end with the same code.</summary>
public sealed class ShowParityTests
{
    private static readonly string[] Fields =
    [
        "public-key", "private-key", "listen-port", "fwmark", "peers", "preshared-keys", "endpoints", "allowed-ips", "latest-handshakes",
        "transfer", "persistent-keepalive", "dump",
    ];

    private static readonly string[][] Environments =
    [
        [],
        ["WG_COLOR_MODE=always"],
        ["WG_COLOR_MODE=never", "WG_HIDE_KEYS=never"],
        ["WG_COLOR_MODE=always", "WG_HIDE_KEYS=always"],
        ["WG_COLOR_MODE=bogus", "WG_HIDE_KEYS=bogus"],
    ];

    [Fact]
    public void Show_EachDeviceInEachForm_IsWgs()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv6);
        AddPeers(pair.Left);
        AddPeers(pair.Right);
        pair.PingBothWays();
        foreach (Tunnel tunnel in (Tunnel[])[pair.Left, pair.Right])
        {
            Func<string[], CommandResult> run = command => tunnel.Host.TryRun(command);

            // wireguard-go reports its peers in another order each time: there the lines are compared, on WgNet's device all.
            Func<string, string> arrange = tunnel == pair.Left ? output => output : Sorted;
            foreach (string[] environment in Environments)
            {
                Same(run, arrange, environment, "show", tunnel.Name);
            }

            foreach (string field in Fields)
            {
                Same(run, arrange, [], "show", tunnel.Name, field);
            }

            Same(run, arrange, ["WG_COLOR_MODE=always"], "show", tunnel.Name, "dump");
            Same(run, arrange, [], "showconf", tunnel.Name);
        }
    }

    [Fact]
    public void ShowAll_DevicesOfBothKinds_HasWgsLines()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel empty = Tunnel.Start(pair.LeftHost, Implementation.WgNet);
        pair.PingBothWays();
        using var sockets = new SocketFolder(pair.Left, pair.Right, empty);
        Func<string[], CommandResult> run = command => sockets.TryRun(pair.LeftHost, command);

        foreach (string[] environment in Environments)
        {
            Same(run, Sorted, environment, "show");
            Same(run, Sorted, environment, "show", "all");
        }

        // Stock wg lists interfaces as the file system does, in no order.
        Assert.Equal($"{pair.Left.Name} {pair.Right.Name} {empty.Name}\n", run([Programs.WgNet, "show", "interfaces"]).Output);
        Same(run, output => Sorted(output.Replace(' ', '\n')), [], "show", "interfaces");
        foreach (string field in Fields.Where(field => field != "endpoints"))
        {
            Same(run, Sorted, [], "show", "all", field);
        }

        using var withPeers = new SocketFolder(pair.Left, pair.Right);
        Same(command => withPeers.TryRun(pair.LeftHost, command), Sorted, [], "show", "all", "endpoints");

        using var none = new SocketFolder();
        Same(command => none.TryRun(pair.LeftHost, command), [], "show");
        Same(command => none.TryRun(pair.LeftHost, command), [], "show", "interfaces");
    }

    /// <summary>The one difference: stock wg prints the interface once, before the first of its peers or of none.</summary>
    [Fact]
    public void ShowAllEndpoints_SeveralPeers_EveryLineHasItsInterface()
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        AddPeers(tunnel);
        using var sockets = new SocketFolder(tunnel);

        string stock = sockets.TryRun(tunnel.Host, "wg", "show", "all", "endpoints").Output;
        string ours = sockets.TryRun(tunnel.Host, Programs.WgNet, "show", "all", "endpoints").Output;
        Assert.Equal(3, ours.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.All(ours.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith(tunnel.Name + "\t", line, StringComparison.Ordinal));
        Assert.Equal(stock.Replace(tunnel.Name + "\t", "", StringComparison.Ordinal), ours.Replace(tunnel.Name + "\t", "", StringComparison.Ordinal));
    }

    /// <summary>What is said differs, since it says more; that it is refused, and that nothing else is printed, does not.</summary>
    [Theory]
    [InlineData("show", "nosuch")]
    [InlineData("show", "nosuch", "dump")]
    [InlineData("show", "link1")]
    [InlineData("show", "*", "bogus")]
    [InlineData("show", "*", "peers", "peers")]
    [InlineData("show", "interfaces", "peers")]
    [InlineData("showconf", "nosuch")]
    [InlineData("showconf", "link1")]
    [InlineData("showconf")]
    [InlineData("showconf", "*", "*")]
    public void Show_WhatIsWrong_IsRefusedAsByWg(params string[] arguments)
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        lab.Link(host, lab.AddHost("other"));
        Tunnel tunnel = Tunnel.Start(host, Implementation.WgNet);
        string[] words = [.. arguments.Select(word => word == "*" ? tunnel.Name : word)];

        CommandResult stock = host.TryRun(["wg", .. words]);
        CommandResult ours = host.TryRun([Programs.WgNet, .. words]);
        Assert.Equal((1, ""), (stock.ExitCode, stock.Output));
        Assert.Equal((1, ""), (ours.ExitCode, ours.Output));
        Assert.StartsWith("wgnet: ", ours.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AnyCommand_OnAnInterfaceThatIsNotWireGuard_SaysWhatItIs()
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        lab.Link(host, lab.AddHost("other"));
        string conf = Path.Combine(lab.Folder, "empty.conf");
        File.WriteAllText(conf, "[Interface]\n");
        foreach (string command in (string[])["show link1", "showconf link1", "set link1 fwmark 1", $"setconf link1 {conf}", $"addconf link1 {conf}", $"syncconf link1 {conf}"])
        {
            CommandResult result = host.TryRun([Programs.WgNet, .. command.Split(' ')]);
            Assert.Equal((1, ""), (result.ExitCode, result.Output));
            Assert.EndsWith("link1: not a WireGuard interface, but one of kind veth\n", result.Error, StringComparison.Ordinal);
        }
    }

    // Two peers more: one with everything, and addresses that some programs write otherwise; one with nothing.
    private static void AddPeers(Tunnel tunnel)
    {
        string psk = Command.Run("wg", "genpsk");
        CommandResult set = tunnel.Host.TryRun(
            [
                "wg", "set", tunnel.Name, "fwmark", "0xca6c", "peer", KeyPair.Generate().Public, "preshared-key", "/dev/stdin",
                "endpoint", "[fe80::5%lo]:1234", "persistent-keepalive", "3661",
                "allowed-ips", "10.0.0.0/8,0.0.0.0/0,192.0.2.7/32,::/0,2001:db8::5efe:102:304/128,::ffff:192.0.2.1/128,::192.0.2.1/128,2001:db8:0:1::/64,64:ff9b::/96",
                "peer", KeyPair.Generate().Public,
                "peer", KeyPair.Generate().Public, "endpoint", "192.0.2.1:5", "allowed-ips", "10.99.0.0/16",
            ],
            psk);
        Assert.True(set.Succeeded, set.ToString());
    }

    // Time passes between two commands: only a comparison counts before and after which stock wg says the same.
    private static void Same(Func<string[], CommandResult> run, string[] environment, params string[] arguments) =>
        Same(run, output => output, environment, arguments);

    private static void Same(Func<string[], CommandResult> run, Func<string, string> arrange, string[] environment, params string[] arguments)
    {
        for (int attempt = 0; ; attempt++)
        {
            CommandResult before = run(["env", .. environment, "wg", .. arguments]);
            CommandResult ours = run(["env", .. environment, Programs.WgNet, .. arguments]);
            CommandResult after = run(["env", .. environment, "wg", .. arguments]);
            if (arrange(before.Output) == arrange(after.Output) || attempt == 10)
            {
                Assert.Equal(arrange(before.Output), arrange(WithoutExtensions(ours.Output)));
                Assert.Equal((before.ExitCode, ""), (ours.ExitCode, ours.Error));
                return;
            }
        }
    }

    private static string Sorted(string output) => string.Join('\n', output.Split('\n').Order(StringComparer.Ordinal));

    // What only WgNet prints stands on lines of its own.
    private static string WithoutExtensions(string output) => string.Join('\n', output.Split('\n')
        .Where(line => !((string[])["  dropped", "  \e[1mdropped"]).Any(label => line.StartsWith(label, StringComparison.Ordinal))));
}
