using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>DNS in a file, where resolvconf is not what sets it.</summary>
public sealed class QuickDnsTests
{
    [Fact]
    public void Up_ResolvectlAlone_GetsServersDomainsAndAllNames()
    {
        using var lab = new QuickLab();
        Configure(lab, "DNS = 10.0.0.53, fd00::53, example.org, example.net");
        lab.AddRecorder("resolvectl");

        Succeeds(lab.RunAlone("up", lab.ConfigurationFile));
        string set = $"resolvectl dns {lab.Name} 10.0.0.53 fd00::53\nresolvectl domain {lab.Name} ~. example.org example.net\n";
        Assert.Equal(set, lab.DnsCalls);
        Succeeds(lab.RunAlone("down", lab.ConfigurationFile));
        Assert.Equal(set + $"resolvectl revert {lab.Name}\n", lab.DnsCalls);
    }

    [Theory]
    [InlineData("resolvconf")]
    [InlineData("resolvectl")]
    public void Up_ResolverFails_SaysSoAndIsUndone(string program)
    {
        using var lab = new QuickLab();
        Configure(lab, "DNS = 10.0.0.53");
        lab.AddProgram(program, "exit 3\n");
        string before = lab.State();

        CommandResult up = lab.RunAlone("up", lab.ConfigurationFile);

        Assert.Equal(3, up.ExitCode);
        Assert.Contains($"wgnet: `{program} ", up.Error, StringComparison.Ordinal);
        Assert.Contains("failed with status 3", up.Error, StringComparison.Ordinal);
        Assert.Equal(before, lab.State());
    }

    [Fact]
    public void Down_ResolverFails_TakesTheInterfaceDownAllTheSame()
    {
        using var lab = new QuickLab();
        Configure(lab, "DNS = 10.0.0.53");
        lab.AddResolvconf();
        string before = lab.State();
        Succeeds(lab.RunAlone("up", lab.ConfigurationFile));
        lab.AddProgram("resolvconf", "exit 3\n");

        CommandResult down = lab.RunAlone("down", lab.ConfigurationFile);

        Succeeds(down);
        Assert.Contains($"[!] `resolvconf -d {lab.Name} -f' failed with status 3", down.Error, StringComparison.Ordinal);
        Assert.Equal(before, lab.State());
    }

    /// <summary>The file was edited while the interface was up: what is taken back is what was set.</summary>
    [Fact]
    public void Down_DnsGoneFromTheFile_TakesItBack()
    {
        using var lab = new QuickLab();
        Configure(lab, "DNS = 10.0.0.53");
        lab.AddRecorder("resolvectl");
        Succeeds(lab.RunAlone("up", lab.ConfigurationFile));
        Configure(lab, "");

        Succeeds(lab.RunAlone("down", lab.ConfigurationFile));

        Assert.EndsWith($"resolvectl revert {lab.Name}\n", lab.DnsCalls, StringComparison.Ordinal);
    }

    private static void Configure(QuickLab lab, string dns) => lab.Write($"[Interface]\nPrivateKey = {KeyPair.Generate().Private}\nAddress = 10.0.0.1/24\n{dns}\n");

    private static void Succeeds(CommandResult result) => Assert.True(result.Succeeded, result.ToString());
}
