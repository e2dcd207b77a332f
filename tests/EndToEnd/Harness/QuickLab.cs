using System.Text.RegularExpressions;

namespace WgNet.EndToEnd.Harness;

/// <summary>
/// A host whose interface is brought up from a file, by <c>wg-quick</c> or by <c>wgnet</c>, and what can be seen of it.
/// <code>
///   host  172.16.1.1, fd16:1::1 ── MTU 1500 ── 172.16.1.2, fd16:1::2  far
///         172.16.2.1, fd16:2::1 ── MTU 1400 ── 172.16.2.2, fd16:2::2
///         198.51.100.0/24 by far, MTU 1300
/// </code>
/// </summary>
public sealed partial class QuickLab : IDisposable
{
    public const string Stock = "wg-quick";

    private readonly string _programs;
    private readonly string _dns;

    public QuickLab()
    {
        Host = Lab.AddHost("host");
        Far = Lab.AddHost("far");
        Lab.Link(Host, Far);
        Lab.Link(Host, Far, mtu: 1400);
        Host.Run("ip route add 198.51.100.0/24 via 172.16.1.2 mtu 1300");
        Name = Host.NewInterfaceName();
        ConfigurationFile = Path.Combine(Lab.Folder, Name + ".conf");
        _programs = Directory.CreateDirectory(Path.Combine(Lab.Folder, "bin")).FullName;
        _dns = Path.Combine(Lab.Folder, "dns");
    }

    public Lab Lab { get; } = new();

    public Host Host { get; }

    public Host Far { get; }

    public string Name { get; }

    /// <summary>Where <see cref="Write"/> puts it.</summary>
    public string ConfigurationFile { get; }

    /// <summary>PATH with the programs of this host's own first.</summary>
    public string SearchPath => $"{_programs}:{Environment.GetEnvironmentVariable("PATH")}";

    /// <summary>What the resolver's program was called with and given, by calls; empty if it never was.</summary>
    public string DnsCalls => File.Exists(_dns) ? File.ReadAllText(_dns) : "";

    public void Write(string text)
    {
        File.WriteAllText(ConfigurationFile, text);
        File.SetUnixFileMode(ConfigurationFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>A program of this host's own that comes before all others of its name.</summary>
    public void AddProgram(string name, string script)
    {
        string path = Path.Combine(_programs, name);
        File.WriteAllText(path, "#!/bin/sh\n" + script);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>A resolvconf that keeps what it was called with and given, and tells it when asked.</summary>
    public void AddResolvconf() => AddProgram("resolvconf", $"""
        servers={Lab.Folder}/servers
        case $1 in
        -l) /bin/cat "$servers"; exit ;;
        -a) echo "$@" >>{_dns}; /bin/cat >"$servers"; /bin/cat "$servers" >>{_dns} ;;
        *) echo "$@" >>{_dns}; /bin/rm -f "$servers" ;;
        esac

        """);

    /// <summary>A program that only keeps what it was called with.</summary>
    public void AddRecorder(string name) => AddProgram(name, $"echo {name} \"$@\" >>{_dns}\n");

    /// <summary>Runs <c>wg-quick</c> or <c>wgnet</c> with the programs of this host's own first in PATH.</summary>
    public CommandResult Run(string quick, params string[] arguments) =>
        Run(quick, SearchPath, arguments);

    /// <summary>Runs it so that it finds no other programs than this host's own.</summary>
    public CommandResult RunAlone(params string[] arguments) => Run(Programs.WgNet, _programs, arguments);

    public void MustRun(string quick, params string[] arguments)
    {
        CommandResult result = Run(quick, arguments);
        Assert.True(result.Succeeded, result.ToString());
    }

    /// <summary>
    /// Addresses, MTU, routes, rules, firewall, mark and peers, once they no longer change: the kernel adds some IPv6 routes a moment
    /// later. The kernel's own link-local address, which is another one each time, has no number, and its route is left out.
    /// </summary>
    public string State()
    {
        string state = "";
        Wait.Until(
            () =>
            {
                string before = state;
                Thread.Sleep(150);
                state = Read();
                return state == before;
            },
            TimeSpan.FromSeconds(10),
            () => "the network does not come to rest\n" + state);
        return state;
    }

    public void Dispose() => Lab.Dispose();

    private CommandResult Run(string quick, string path, string[] arguments) => Host.TryRun(
        ["env", "PATH=" + path, "WG_QUICK_USERSPACE_IMPLEMENTATION=" + Programs.WgNet, quick, .. arguments]);

    private string Read()
    {
        string tables = Host.Run("nft list tables");
        string firewall = string.Concat(tables.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).Select(table => Host.Run($"nft list {table}")));
        CommandResult link = Host.TryRun($"ip -o link show dev {Name}");
        string mtu = link.Succeeded ? Mtu().Match(link.Output).Value + (link.Output.Contains(",UP", StringComparison.Ordinal) ? " up\n" : " down\n") : "no interface\n";
        string addresses = link.Succeeded ? Lifetime().Replace(Host.Run($"ip -o address show dev {Name}"), "") : "";
        string device = link.Succeeded ? Host.Run($"wg show {Name} fwmark") + Host.Run($"wg show {Name} allowed-ips") : "";
        string all = mtu + addresses + Host.Run("ip -4 route show table all") + Host.Run("ip -6 route show table all")
            + Host.Run("ip -4 rule") + Host.Run("ip -6 rule") + firewall + device;
        return RandomAddress().Replace(LinkLocalRoute().Replace(all, ""), "fe80::random").Replace(" tentative", "", StringComparison.Ordinal);
    }

    [GeneratedRegex("mtu [0-9]+", RegexOptions.None, 1000)]
    private static partial Regex Mtu();

    [GeneratedRegex(@"^\d+: |\\\s+valid_lft.*$", RegexOptions.Multiline, 1000)]
    private static partial Regex Lifetime();

    [GeneratedRegex("^local fe80::.*\n", RegexOptions.Multiline, 1000)]
    private static partial Regex LinkLocalRoute();

    [GeneratedRegex("fe80::[0-9a-f]+(:[0-9a-f]+)+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RandomAddress();
}
