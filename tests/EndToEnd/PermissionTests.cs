using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>What somebody is told who may not ask the device: that, and not that there is none.</summary>
public sealed class PermissionTests : IDisposable
{
    private const int Nobody = 65534;

    private const UnixFileMode EverybodyRuns = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    // The one that was built may be in a folder of root's.
    private readonly string _program = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public PermissionTests()
    {
        File.Copy(Programs.WgNet, _program);
        File.SetUnixFileMode(_program, EverybodyRuns);
    }

    public void Dispose() => File.Delete(_program);

    [Fact]
    public void Verbs_WithoutPermission_SayThatRootIsNeeded()
    {
        using var lab = new Lab();
        var tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        string[][] commands =
        [
            ["show"], ["show", tunnel.Name], ["learned"], ["learned", tunnel.Name], ["learned", tunnel.Name, "forget", "2001:db8::1"],
            ["monitor"], ["monitor", tunnel.Name], ["top"], ["top", tunnel.Name],
        ];
        Assert.All(commands, command =>
        {
            CommandResult result = tunnel.Host.TryRun(["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", _program, .. command]);
            Assert.True(result.ExitCode == 1 && result.Output.Length == 0, result.ToString());
            Assert.Contains("root is needed", result.Error, StringComparison.Ordinal);
        });
    }
}
