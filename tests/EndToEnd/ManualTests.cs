using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>The manual pages through the programs that show them.</summary>
public sealed class ManualTests
{
    public static TheoryData<string> Pages => [.. Directory.GetFiles(Path.Combine(Programs.Repository, "man")).Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_Rendered_HasNoWarningAndFitsTheScreen(string page)
    {
        string path = Path.Combine(Programs.Repository, "man", page);
        CommandResult man = Command.TryRun(["env", "LC_ALL=C.UTF-8", "MANWIDTH=80", "MANPAGER=cat", "GROFF_NO_SGR=1", "man", "--warnings", "-E", "UTF-8", "-l", path]);

        Assert.True(man is { Succeeded: true, Error: "" }, man.ToString());
        string[] lines = [.. man.Output.Split('\n')];
        Assert.Contains(lines, line => line.StartsWith("NAME", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Length > 80);

        CommandResult groff = Command.TryRun(["groff", "-ww", "-man", "-Tutf8", "-K", "utf8", path]);
        Assert.True(groff is { Succeeded: true, Error: "" }, groff.ToString());
        CommandResult lint = Command.TryRun(["mandoc", "-T", "lint", "-W", "warning", path]);
        Assert.True(lint is { Succeeded: true, Output: "", Error: "" }, lint.ToString());
    }
}
