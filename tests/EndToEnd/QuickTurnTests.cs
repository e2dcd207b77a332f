using System.Diagnostics;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>
/// Several <c>wgnet up</c>, <c>down</c>, <c>reload</c> and <c>save</c> of one interface at a moment, and what they say of steps that take
/// long.
/// </summary>
public sealed class QuickTurnTests
{
    private static readonly KeyPair Own = KeyPair.Generate(), Peer = KeyPair.Generate();

    [Fact]
    public async Task Reload_TwoAtOnce_OneWaitsForTheOther()
    {
        using var lab = new QuickLab();
        Write(lab, "Address = 10.0.0.1/24");
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);

        // The first is in the middle, between its addresses and its device, when the second begins.
        string begun = Path.Combine(lab.Lab.Folder, "begun");
        lab.AddProgram("resolvconf", $"touch {begun}; exec sleep 3\n");
        Write(lab, "Address = 10.0.0.2/24, fd00::2/64\nDNS = 10.0.0.53");
        Task<CommandResult> first = Task.Run(() => lab.Run(Programs.WgNet, "reload", lab.ConfigurationFile), TestContext.Current.CancellationToken);
        Wait.Until(() => File.Exists(begun), TimeSpan.FromSeconds(15), "the first reload does not come to its name servers");
        CommandResult dry = lab.Run(Programs.WgNet, "reload", "--dry-run", lab.ConfigurationFile);
        CommandResult second = lab.Run(Programs.WgNet, "reload", lab.ConfigurationFile);

        CommandResult reload = await first;
        Assert.True(reload.Succeeded, reload.ToString());
        Assert.Contains("+ DNS", reload.Output, StringComparison.Ordinal);
        Assert.True(dry.Succeeded, dry.ToString());
        Assert.True(second.Succeeded, second.ToString());
        Assert.Equal("", second.Output);
        Assert.Contains("nothing to change", second.Error, StringComparison.Ordinal);
        Assert.Matches($@"^\[\.\] waiting for `wgnet reload {lab.Name}' \(process [0-9]+\): takes a while\n", second.Error);
    }

    [Theory]
    [InlineData("up")]
    [InlineData("down")]
    [InlineData("reload")]
    public void Up_WhoseHookWantsTheSameInterface_FailsAndSaysWhy(string verb)
    {
        using var lab = new QuickLab();
        string before = lab.State();
        Write(lab, $"Address = 10.0.0.1/24\nPostUp = {Programs.WgNet} {verb} {lab.ConfigurationFile}");
        long start = Stopwatch.GetTimestamp();
        CommandResult up = lab.Run(Programs.WgNet, "up", lab.ConfigurationFile);

        Assert.Equal(1, up.ExitCode);
        Assert.Contains($"wgnet: a hook of `wgnet up {lab.Name}' cannot {verb} `{lab.Name}': ", up.Error, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20), up.Error);
        Assert.Equal(before, lab.State());
    }

    /// <summary>What hooks are for goes on working, and what they leave running does not keep anybody's turn.</summary>
    [Fact]
    public void Hooks_WhatDoesNotWaitForItself_Works()
    {
        using var lab = new QuickLab();
        Write(lab, $"""
            Address = 10.0.0.1/24
            PostUp = {Programs.WgNet} set %i fwmark 77
            PostUp = sleep 60 &
            PreDown = {Programs.WgNet} save {lab.ConfigurationFile}
            """);
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        Assert.Equal("0x4d\n", lab.Host.Run($"wg show {lab.Name} fwmark"));
        CommandResult reload = lab.Run(Programs.WgNet, "reload", lab.ConfigurationFile);
        Assert.True(reload.Succeeded, reload.ToString());
        Assert.DoesNotContain("[.]", reload.Error, StringComparison.Ordinal);
        lab.MustRun(Programs.WgNet, "down", lab.ConfigurationFile);
        Assert.Contains("FwMark = 0x4d\n", File.ReadAllText(lab.ConfigurationFile), StringComparison.Ordinal);
    }

    [Fact]
    public void Up_KilledInAHook_LeavesNoLock()
    {
        using var lab = new QuickLab();
        string begun = Path.Combine(lab.Lab.Folder, "begun");
        Write(lab, $"Address = 10.0.0.1/24\nPreUp = touch {begun}; sleep 60");
        Daemon up = lab.Host.Start(Programs.WgNet, "up", lab.ConfigurationFile);
        Wait.Until(() => File.Exists(begun), TimeSpan.FromSeconds(15), () => up.Log);

        // Who does not want to wait any longer need not.
        Daemon waiting = lab.Host.Start("env", "--default-signal=INT", Programs.WgNet, "reload", lab.ConfigurationFile);
        Wait.Until(() => waiting.Log.Contains("[.] waiting for", StringComparison.Ordinal), TimeSpan.FromSeconds(15), () => waiting.Log);
        waiting.Signal("INT");
        Assert.True(waiting.WaitForExit(TimeSpan.FromSeconds(5)));
        Assert.Equal(130, waiting.ExitCode);
        up.Signal("KILL");
        Assert.True(up.WaitForExit(TimeSpan.FromSeconds(5)));

        Write(lab, "Address = 10.0.0.1/24");
        CommandResult again = lab.Run(Programs.WgNet, "up", lab.ConfigurationFile);
        Assert.True(again.Succeeded, again.ToString());
        Assert.DoesNotContain("waiting", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Up_SlowStepWithoutATerminal_IsSaidOnceAndOnlyOfThatStep()
    {
        using var lab = new QuickLab();
        lab.AddProgram("resolvconf", "exec sleep 2\n");
        Write(lab, "Address = 10.0.0.1/24\nDNS = 10.0.0.53\nPreUp = true\nPostUp = sleep 2; true");
        CommandResult up = lab.Run(Programs.WgNet, "up", lab.ConfigurationFile);

        Assert.True(up.Succeeded, up.ToString());
        string[] lines = up.Error.Split('\n');
        Assert.Equal(
            [$"[.] resolvconf -a {lab.Name} -m 0 -x: takes a while", "[.] sleep 2; true: takes a while"],
            lines.Where(line => line.StartsWith("[.]", StringComparison.Ordinal)));
        Assert.Equal("[#] sleep 2; true", lines[Array.IndexOf(lines, "[.] sleep 2; true: takes a while") - 1]);
        Assert.DoesNotContain('\e', up.Error);
    }

    [Fact]
    public void Up_SlowStepOnATerminal_IsShownWhileItLasts()
    {
        using var lab = new QuickLab();
        Write(lab, "Address = 10.0.0.1/24\nPostUp = sleep 4; echo the hook speaks");
        using var terminal = new Terminal(lab.Lab.Folder);
        terminal.Enter($"ip netns exec {lab.Host.Namespace.Name} {Programs.WgNet} up {lab.ConfigurationFile}; echo sta''tus $?");
        terminal.WaitFor("\n[.] sleep 4; echo the hook speaks: 1 s\n");
        terminal.WaitFor("\n[.] sleep 4; echo the hook speaks: 2 s\n");
        terminal.WaitFor("\nstatus 0\n");
        string[] lines = terminal.Screen.Split('\n');

        // What the hook printed is whole, and nothing else is left.
        Assert.Equal(["the hook speaks", "status 0", "%"], lines.SkipWhile(line => line != "the hook speaks").Where(line => line.Length > 0));
        Assert.DoesNotContain(lines, line => line.StartsWith("[.]", StringComparison.Ordinal));
    }

    private static void Write(QuickLab lab, string settings) =>
        lab.Write($"[Interface]\nPrivateKey = {Own.Private}\n{settings}\n[Peer]\nPublicKey = {Peer.Public}\nAllowedIPs = 10.9.0.0/16\n");
}
