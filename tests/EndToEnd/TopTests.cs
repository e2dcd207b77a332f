using System.Text.RegularExpressions;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary><c>wgnet top</c> in a real terminal of 80 columns, and without one.</summary>
public sealed partial class TopTests
{
    [Fact]
    public async Task Top_InATerminal_ShowsPeersAndRatesAndSortsAndQuits()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4);
        var stranger = KeyPair.Generate();
        pair.Left.Set("peer " + stranger.Public);
        pair.PingBothWays();
        using var terminal = new Terminal(pair.Lab.Folder);
        terminal.Enter($"{Programs.WgNet} top {pair.Left.Name}");
        terminal.WaitFor($"{pair.Left.Name}: 1 of 2 peers with live keys");
        string right = Line(terminal, pair.Right.Keys);
        Assert.Contains(" 172.16.1.2:51820 ", right, StringComparison.Ordinal);

        // To the last column: neither learned nor dropped.
        Assert.Matches(" never +0 +0$", Line(terminal, stranger));
        Assert.Contains(" LEARNED  DROPS\n", terminal.Screen, StringComparison.Ordinal);
        Assert.Contains("q quit", terminal.Screen, StringComparison.Ordinal);

        Task traffic = Task.Run(() => TcpTransfer.RunFor(pair.RightHost, pair.LeftHost, TunnelPair.LeftIPv4, TimeSpan.FromSeconds(4)));
        terminal.WaitFor(_ => MebibytesASecond().IsMatch(Line(terminal, pair.Right.Keys)));
        await traffic;
        Assert.DoesNotContain(terminal.Screen.Split('\n'), line => line.Length > 80);

        string[] keys = [.. new[] { pair.Right.Keys.Public, stranger.Public }.Order(StringComparer.Ordinal)];
        terminal.Press("p");
        terminal.WaitFor(screen => screen.Contains("by peer;", StringComparison.Ordinal) && IsBefore(screen, keys[0], keys[1]));
        terminal.Press("p");
        terminal.WaitFor(screen => screen.Contains("by peer, reversed;", StringComparison.Ordinal) && IsBefore(screen, keys[1], keys[0]));

        // Wide enough for whole keys, and back.
        terminal.Resize(120, 30);
        terminal.WaitFor(pair.Right.Keys.Public);
        terminal.Resize(80, 24);
        terminal.WaitFor(screen => !screen.Contains(pair.Right.Keys.Public, StringComparison.Ordinal) && screen.Contains("q quit", StringComparison.Ordinal));
        Assert.DoesNotContain(terminal.Screen.Split('\n'), line => line.Length > 80);

        // Stopped and continued, it gives the terminal back meanwhile.
        terminal.Press("C-z");
        terminal.WaitFor(screen => screen.Contains("Stopped", StringComparison.Ordinal) && screen.Contains("\n%\n", StringComparison.Ordinal));
        terminal.Enter("fg");
        terminal.WaitFor("q quit");

        terminal.Press("q");
        AssertRestored(terminal, status: 0);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    [InlineData("INT")]
    public void Top_EndedByASignal_GivesTheTerminalBack(string signal)
    {
        using var lab = new Lab();
        var tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        using var terminal = new Terminal(lab.Folder);
        terminal.Enter($"{Programs.WgNet} top {tunnel.Name}");
        terminal.WaitFor("q quit");
        Command.Run("kill", "-s", signal, terminal.ChildId);
        AssertRestored(terminal, status: 0);
    }

    [Fact]
    public void Top_WhoseInterfaceEnds_GivesTheTerminalBackAndSaysSo()
    {
        using var lab = new Lab();
        var tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        using var terminal = new Terminal(lab.Folder);
        terminal.Enter($"{Programs.WgNet} top {tunnel.Name}");
        terminal.WaitFor("0 of 0 peers");
        tunnel.Daemon.Signal("TERM");
        terminal.WaitFor($"wgnet: Unable to access interface: {tunnel.Name}:");
        AssertRestored(terminal, status: 1);
    }

    [Fact]
    public void Top_WithoutATerminal_PrintsOneTable()
    {
        using var pair = new TunnelPair(Implementation.WgNet, Outside.IPv6);
        pair.PingBothWays();
        foreach (string[] arguments in (string[][])[["top", pair.Left.Name], ["top", "--once", pair.Left.Name]])
        {
            CommandResult result = pair.LeftHost.TryRun([Programs.WgNet, .. arguments]);
            Assert.True(result is { Succeeded: true, Error: "" }, result.ToString());
            string[] lines = result.Output.TrimEnd('\n').Split('\n');
            Assert.Equal(3, lines.Length);
            Assert.StartsWith("PEER ", lines[0], StringComparison.Ordinal);
            Assert.Matches(
                $"^{Regex.Escape(pair.Right.Keys.Public)} {Regex.Escape(pair.Left.EndpointOf(pair.Right))} +[0-9.]+ [KM]?i?B +[0-9.]+ [KM]?i?B +[0-9]+ s +0 +0$", lines[1].TrimEnd());
            Assert.StartsWith("1 peer ", lines[2], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Top_WithoutInterface_SaysSo()
    {
        CommandResult result = Command.TryRun([Programs.WgNet, "top", "wgtnone"]);
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("wgnet: Unable to access interface: wgtnone: no such WireGuard interface", result.Error, StringComparison.Ordinal);
    }

    private static string Line(Terminal terminal, KeyPair peer) =>
        Array.Find(terminal.Screen.Split('\n'), line => line.StartsWith(peer.Public[..9], StringComparison.Ordinal)) ?? "";

    private static bool IsBefore(string screen, string first, string second) =>
        screen.IndexOf(first[..9], StringComparison.Ordinal) is var place and >= 0 && place < screen.IndexOf(second[..9], StringComparison.Ordinal);

    // The shell's screen is there again, with what was typed; it asks for more, and shows what is typed.
    private static void AssertRestored(Terminal terminal, int status)
    {
        terminal.WaitFor(screen => screen.StartsWith("% ", StringComparison.Ordinal) && screen.Contains("\n%\n", StringComparison.Ordinal));
        terminal.Enter("echo status $? $(stty -a | grep -o ' -*icanon' ) $(stty -a | grep -o ' -*echo ')");
        terminal.WaitFor($"\nstatus {status} icanon echo\n");
    }

    [GeneratedRegex(@"[0-9] MiB .* s ", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MebibytesASecond();
}
