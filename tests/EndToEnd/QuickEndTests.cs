using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>Interfaces that end otherwise than by <c>wgnet down</c>, and rules that are not <c>down</c>'s to take away.</summary>
public sealed class QuickEndTests
{
    private static readonly KeyPair Own = KeyPair.Generate(), Peer = KeyPair.Generate();

    [Theory]
    [InlineData("kill -9 ")]
    [InlineData("ip link delete ")]
    public void Down_InterfaceHasGone_TakesAwayWhatItLeft(string end)
    {
        using var lab = new QuickLab();
        lab.AddResolvconf();
        string hooks = Path.Combine(lab.Lab.Folder, "hooks");
        string before = lab.State();
        Write(lab, $"Address = 10.0.0.1/24, fd00::1/64\nDNS = 10.0.0.53\nPreDown = echo pre >>{hooks}; ip link show %i\nPostDown = echo post >>{hooks}", "0.0.0.0/0, ::/0");
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        string process = Assert.Single(lab.Host.ProcessIds);
        lab.Host.Run(end + (end.StartsWith("kill", StringComparison.Ordinal) ? process : lab.Name));
        Wait.Until(() => !lab.Host.TryRun($"ip link show {lab.Name}").Succeeded && lab.Host.ProcessIds.Count == 0, TimeSpan.FromSeconds(10), "the interface stays");
        string left = lab.State();
        Assert.Contains("fwmark", left, StringComparison.Ordinal);
        Assert.Contains($"wg-quick-{lab.Name}", left, StringComparison.Ordinal);

        CommandResult down = lab.Run(Programs.WgNet, "down", lab.ConfigurationFile);

        Assert.True(down.Succeeded, down.ToString());
        Assert.Contains($"[!] `{lab.Name}' has gone already: taking away what it left\n", down.Error, StringComparison.Ordinal);
        Assert.Equal(before, lab.State());
        Assert.Equal("pre\npost\n", File.ReadAllText(hooks));
        Assert.EndsWith($"-d {lab.Name} -f\n", lab.DnsCalls, StringComparison.Ordinal);
        CommandResult again = lab.Run(Programs.WgNet, "down", lab.ConfigurationFile);
        Assert.Equal((1, $"wgnet: `{lab.Name}' is not a WireGuard interface\n"), (again.ExitCode, again.Error));
    }

    /// <summary>A file that is being edited, or a key that has gone: wg-quick looks at neither.</summary>
    [Theory]
    [InlineData("AlowedIPs = 10.0.0.0/8", "AlowedIPs = (hidden): unknown key in [Peer]; expected AllowedIPs")]
    [InlineData("PresharedKeyFile = nosuch.psk", "PresharedKeyFile = nosuch.psk: cannot read the preshared key from ")]
    public void Down_FileIsWrongByNow_GoesByWhatWasApplied(string line, string reason)
    {
        using var lab = new QuickLab();
        lab.AddResolvconf();
        string after = Path.Combine(lab.Lab.Folder, "after");
        string before = lab.State();
        Write(lab, $"Address = 10.0.0.1/24, fd00::1/64\nDNS = 10.0.0.53\nSaveConfig = true\nPostDown = echo %i >{after}", "0.0.0.0/0, ::/0");
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        File.AppendAllText(lab.ConfigurationFile, line + "\n");
        string edited = File.ReadAllText(lab.ConfigurationFile);

        CommandResult down = lab.Run(Programs.WgNet, "down", lab.ConfigurationFile);

        Assert.True(down.Succeeded, down.ToString());
        Assert.Contains(reason, down.Error, StringComparison.Ordinal);
        Assert.Contains("[!] it goes down by what was applied last, and nothing is saved\n", down.Error, StringComparison.Ordinal);
        Assert.Equal(before, lab.State());
        Assert.Equal(lab.Name + "\n", File.ReadAllText(after));
        Assert.EndsWith($"-d {lab.Name} -f\n", lab.DnsCalls, StringComparison.Ordinal);
        Assert.Equal(edited, File.ReadAllText(lab.ConfigurationFile));
    }

    /// <summary>Without the rules for its own tables, the main one above all, the host would have no routes.</summary>
    [Fact]
    public void Down_MarkThatIsTheMainTablesNumber_LeavesTheHostsRules()
    {
        using var lab = new QuickLab();
        Write(lab, "Address = 10.0.0.1/24\nFwMark = 254", "10.9.0.0/16");
        string before = lab.Host.Run("ip rule");
        Assert.Contains("from all lookup main", before, StringComparison.Ordinal);
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        lab.Host.Run("ip rule add not fwmark 254 table 254");
        Assert.NotEqual(before, lab.Host.Run("ip rule"));

        lab.MustRun(Programs.WgNet, "down", lab.ConfigurationFile);

        Assert.Equal(before, lab.Host.Run("ip rule"));
    }

    [Fact]
    public void Down_InterruptedInTheMiddle_GoesOnToItsEnd()
    {
        using var lab = new QuickLab();
        string before = lab.State();
        string begun = Path.Combine(lab.Lab.Folder, "begun");
        string after = Path.Combine(lab.Lab.Folder, "after");
        lab.AddProgram("resolvconf", $"[ $1 = -a ] || {{ touch {begun}; sleep 2; }}\n");
        Write(lab, $"Address = 10.0.0.1/24, fd00::1/64\nDNS = 10.0.0.53\nPostDown = touch {after}", "0.0.0.0/0, ::/0");
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);

        Assert.Equal(0, Interrupt(lab, "down", "INT", begun));
        Assert.True(File.Exists(after));
        Assert.Equal(before, lab.State());
    }

    [Fact]
    public void Down_InterruptedInItsFirstHook_ChangesNothing()
    {
        using var lab = new QuickLab();
        string begun = Path.Combine(lab.Lab.Folder, "begun");
        Write(lab, $"Address = 10.0.0.1/24\nPreDown = touch {begun}; sleep 2", "10.9.0.0/16");
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        string before = lab.State();

        Assert.Equal(130, Interrupt(lab, "down", "INT", begun));
        Assert.Equal(before, lab.State());
        lab.MustRun(Programs.WgNet, "down", lab.ConfigurationFile);
    }

    /// <summary>Several commands in a hook: one that fails must not be passed over, for what follows may count on it.</summary>
    [Theory]
    [InlineData("true; true", true)]
    [InlineData("false; true", false)]
    [InlineData("false | true", false)]
    [InlineData("false || true", true)]
    [InlineData("[[ abc == +([a-c]) && $LC_ALL == C ]]", true)]
    public void Up_Hook_SucceedsWhereItDoesForWgQuick(string hook, bool succeeds)
    {
        using var lab = new QuickLab();
        string before = lab.State();
        Write(lab, $"Address = 10.0.0.1/24\nPostUp = {hook}", "10.9.0.0/16");
        foreach (string quick in (string[])[QuickLab.Stock, Programs.WgNet])
        {
            CommandResult up = lab.Run(quick, "up", lab.ConfigurationFile);
            Assert.True(up.Succeeded == succeeds, up.ToString());
            if (succeeds)
            {
                lab.MustRun(quick, "down", lab.ConfigurationFile);
            }

            Assert.Equal(before, lab.State());
        }
    }

    [Fact]
    public void Up_TerminalIsClosedMeanwhile_LeavesNothing()
    {
        using var lab = new QuickLab();
        string begun = Path.Combine(lab.Lab.Folder, "begun");
        string before = lab.State();
        Write(lab, $"Address = 10.0.0.1/24\nPostUp = touch {begun}; sleep 2", "0.0.0.0/0");
        Assert.Equal(130, Interrupt(lab, "up", "HUP", begun));
        Assert.Equal(before, lab.State());
    }

    // The exit status of a command that gets the signal while it runs what makes the file.
    private static int Interrupt(QuickLab lab, string verb, string signal, string begun)
    {
        Daemon command = lab.Host.Start("env", $"--default-signal={signal}", "PATH=" + lab.SearchPath, Programs.WgNet, verb, lab.ConfigurationFile);
        Wait.Until(() => File.Exists(begun), TimeSpan.FromSeconds(15), () => command.Log);
        command.Signal(signal);
        Assert.True(command.WaitForExit(TimeSpan.FromSeconds(15)), command.Log);
        return command.ExitCode;
    }

    private static void Write(QuickLab lab, string settings, string allowedIps) =>
        lab.Write($"[Interface]\nPrivateKey = {Own.Private}\n{settings}\n[Peer]\nPublicKey = {Peer.Public}\nAllowedIPs = {allowedIps}\n");
}
