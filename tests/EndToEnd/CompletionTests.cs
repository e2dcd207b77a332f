using System.Text.RegularExpressions;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>Completion in the shells themselves: somebody types, and presses Tab.</summary>
public sealed partial class CompletionTests
{
    // Each ends with the same prompt; the completions that the system has installed are not read.
    private const string
        Bash = "bind 'set show-all-if-ambiguous on'; bind 'set bell-style none'; bind 'set completion-query-items -1'; bind 'set page-completions off'; source <(wgnet completion bash)",
        Zsh = "PS1='%% ' exec zsh -f",
        ZshSetUp = "autoload -Uz compinit; compinit -D -u; LISTMAX=1000; source <(wgnet completion zsh)",
        Fish = "exec fish --private --no-config",
        FishSetUp = "function fish_prompt; echo '% '; end; wgnet completion fish | source";

    public static TheoryData<string> Shells => ["bash", "zsh", "fish"];

    /// <summary>What help names is completed: a verb or an option that is missing here is missing in the shell.</summary>
    [Theory]
    [MemberData(nameof(Shells))]
    public void Tab_AfterEachVerb_OffersWhatItsHelpHas(string shell)
    {
        using var lab = new Lab();
        using Terminal terminal = Start(lab, shell);
        string[] verbs = [.. HelpLine().Matches(Command.Run(Programs.WgNet, "--help").Split("<verb>")[1]).Select(match => match.Groups["verb"].Value)];
        Assert.True(verbs.Length > 15, string.Join(' ', verbs));
        Offers(terminal, "wgnet ", verbs);
        Offers(terminal, "wgnet --v", ["wgnet --version"]);
        foreach (string verb in verbs)
        {
            string usage = Command.Run(Programs.WgNet, verb, "--help").Split("\n\n")[0];
            Offers(terminal, $"wgnet {verb} --", [.. Option().Matches(usage).Select(match => match.Value), "--help"]);
        }
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public void Tab_WhereSomethingOfTheSystemStands_OffersIt(string shell)
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel gateway = network.Gateway;
        Tunnel client = network.AddClient();
        string folder = Directory.CreateDirectory(Path.Combine(network.Lab.Folder, "files")).FullName;
        File.WriteAllText(Path.Combine(folder, "home.conf"), "");
        File.WriteAllText(Path.Combine(folder, "notes.text"), "");
        string address = "";
        Wait.Until(
            () => (address = UapiSocket.Get(gateway.Name).Where(line => line.Key == "learned_ip").Select(line => line.Value.Split('/')[0])
                .FirstOrDefault(learned => learned.StartsWith("fe80", StringComparison.Ordinal)) ?? "").Length > 0,
            TimeSpan.FromSeconds(15),
            "no link-local address was learned");
        using Terminal terminal = Start(network.Lab, shell, $"cd {folder}; mount -t tmpfs none /etc/wireguard; touch /etc/wireguard/travel.conf /etc/wireguard/{gateway.Name}.conf");

        // Interfaces by what a verb does with them, fields, keys with all their signs, addresses with their colons, files.
        // fish leaves no blank after an equals sign.
        string peer = client.Keys.Public, blank = shell == "fish" ? "" : " ";
        Completes(terminal, $"wgnet show {gateway.Name}", $"wgnet show {gateway.Name} ");
        Completes(terminal, $"wgnet show {gateway.Name} learna", $"wgnet show {gateway.Name} learnable-ips ");
        Completes(terminal, "wgnet up ", "wgnet up travel ");
        Completes(terminal, "wgnet reload ", $"wgnet reload {gateway.Name} ");
        Completes(terminal, $"wgnet set {gateway.Name} peer ", $"wgnet set {gateway.Name} peer {peer}{blank}");
        Completes(terminal, $"wgnet set {gateway.Name} peer {peer[..5]}", $"wgnet set {gateway.Name} peer {peer}{blank}");
        Completes(terminal, $"wgnet set {gateway.Name} peer {peer} endp", $"wgnet set {gateway.Name} peer {peer} endpoint ");
        Completes(terminal, $"wgnet learned {gateway.Name} forget fe80", $"wgnet learned {gateway.Name} forget {address} ");
        Completes(terminal, $"wgnet learned {gateway.Name} forget {address[..^2]}", $"wgnet learned {gateway.Name} forget {address} ");
        Completes(terminal, $"wgnet setconf {gateway.Name} no", $"wgnet setconf {gateway.Name} notes.text ");
        Completes(terminal, "wgnet up ./", "wgnet up ./home.conf ");
        Completes(terminal, "wgnet init wg0 --directory ../fi", "wgnet init wg0 --directory ../files/");
    }

    private static Terminal Start(Lab lab, string shell, string before = ":")
    {
        var terminal = new Terminal(lab.Folder);
        try
        {
            terminal.Resize(160, 60);
            terminal.Enter("exec unshare --mount bash --norc --noprofile");
            terminal.Enter($"export PATH={Path.GetDirectoryName(Programs.WgNet)}:$PATH HOME={lab.Folder}; {before}");
            (string start, string setUp) = shell switch { "bash" => (":", Bash), "zsh" => (Zsh, ZshSetUp), _ => (Fish, FishSetUp) };
            terminal.Enter(start);
            terminal.Enter($"{setUp}; echo rea''dy");
            terminal.WaitFor("\nready");
            return terminal;
        }
        catch
        {
            terminal.Dispose();
            throw;
        }
    }

    private static void Offers(Terminal terminal, string typed, string[] expected)
    {
        Type(terminal, typed);
        terminal.WaitFor(screen => Array.TrueForAll(expected, word => Regex.IsMatch(screen, $@"(?<![\w-]){Regex.Escape(word)}(?![\w-])", RegexOptions.None, TimeSpan.FromSeconds(1))));
        Clear(terminal);
    }

    private static void Completes(Terminal terminal, string typed, string expected)
    {
        Type(terminal, typed);
        terminal.Press("X");
        terminal.WaitFor("% " + expected + "X");
        Clear(terminal);
    }

    private static void Type(Terminal terminal, string typed)
    {
        terminal.Type(typed);
        terminal.Press("Tab");
    }

    private static void Clear(Terminal terminal)
    {
        terminal.Press("C-u");
        terminal.Press("C-l");
        terminal.WaitFor(screen => screen.Trim() == "%");
    }

    [GeneratedRegex("^  (?<verb>[a-z]+) ", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HelpLine();

    [GeneratedRegex("--[a-z-]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Option();
}
