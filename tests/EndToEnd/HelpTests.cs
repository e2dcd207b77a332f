using System.Text.RegularExpressions;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>The examples of <c>wgnet &lt;verb&gt; --help</c>, run as they stand.</summary>
public sealed partial class HelpTests
{
    // Shows until it is ended.
    private const string EndlessVerb = "monitor";

    [Fact]
    public void Help_ExampleOfEveryVerb_RunsAsItStands()
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        string name = host.NewInterfaceName();
        string[] verbs = [.. HelpLine().Matches(Command.Run(Programs.WgNet, "--help").Split("<verb>")[1]).Select(match => match.Groups["verb"].Value)];

        // What the examples take for granted, in an /etc of their own; wg0 is another test's, too, and gets another name.
        List<string> lines = [
            "set -e", $"PATH={Path.GetDirectoryName(Programs.WgNet)}:$PATH", $"cd {lab.Folder}", "mount -t tmpfs none /etc/wireguard"];
        foreach (string verb in (string[])["genkey", "genpsk", "pubkey", "init", "up", .. verbs.Except(["genkey", "genpsk", "pubkey", "init", "up", "down"], StringComparer.Ordinal), "down"])
        {
            string example = Command.Run(Programs.WgNet, verb, "--help").Split("Example:\n")[1]
                .Replace("vpn.example.org", "192.0.2.1", StringComparison.Ordinal).Replace("/etc/bash_completion.d", lab.Folder, StringComparison.Ordinal);
            Assert.Contains($"wgnet {verb}", example, StringComparison.Ordinal);
            lines.Add($"echo '--- {verb}'");
            if (verb == "addconf")
            {
                lines.Add($"printf '[Peer]\\nPublicKey = {KeyPair.Generate().Public}\\n' >more-peers.conf");
            }

            // learned's example forgets an address that has to be there; doctor's exit status is what it found.
            bool mayFail = verb is EndlessVerb or "learned" or "doctor";
            lines.Add((verb == EndlessVerb ? "timeout --signal=INT 1 " : "") + example.Trim() + (mayFail ? " || true" : ""));
        }

        string script = Path.Combine(lab.Folder, "examples");
        File.WriteAllText(script, string.Join('\n', lines).Replace("wg0", name, StringComparison.Ordinal));
        CommandResult result = host.TryRun(["unshare", "--mount", "bash", script], timeout: TimeSpan.FromMinutes(1));

        Assert.True(result.Succeeded, result.ToString());
        Assert.DoesNotContain("Usage:", result.Error, StringComparison.Ordinal);
        Assert.Contains("--- down", result.Output, StringComparison.Ordinal);
    }

    [GeneratedRegex("^  (?<verb>[a-z]+) ", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HelpLine();
}
