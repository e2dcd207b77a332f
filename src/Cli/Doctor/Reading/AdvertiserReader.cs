using WgNet.Linux;
using WgNet.Routing;

namespace WgNet.Cli.Doctor;

/// <summary>Finds the programs that advertise prefixes: those that run in this network, with the files they were started with, and files that wait for one.</summary>
internal static class AdvertiserReader
{
    private static readonly Kind[] Kinds =
    [
        new("radvd", "radvd", ["-C", "--config="], ["/etc/radvd.conf"], "", AdvertiserSyntax.Radvd),
        new("bird", "bird", ["-c"], ["/etc/bird/bird.conf", "/etc/bird.conf"], "", AdvertiserSyntax.Bird),
        new("dnsmasq", "dnsmasq", ["-C", "--conf-file="], ["/etc/dnsmasq.conf"], "/etc/dnsmasq.d", AdvertiserSyntax.Dnsmasq),
        // The kernel keeps 15 characters of a name.
        new("systemd-networkd", "systemd-network", [], [], "/etc/systemd/network", AdvertiserSyntax.Networkd),
    ];

    private delegate (IReadOnlyList<IpPrefix> Prefixes, bool Own) Syntax(string text, string interfaceName);

    public static IReadOnlyList<Advertiser> Read(string interfaceName)
    {
        ILookup<string, RunningProcess> processes = ProcessTable.All().Where(process => Array.Exists(Kinds, kind => kind.ProcessName == process.Name) && ProcessTable.IsInOwnNetwork(process.Id))
            .ToLookup(process => process.Name, StringComparer.Ordinal);
        return [.. Kinds.SelectMany(kind => Of(kind, processes[kind.ProcessName].ToArray(), interfaceName))];
    }

    private static IEnumerable<Advertiser> Of(Kind kind, RunningProcess[] processes, string interfaceName)
    {
        Dictionary<string, RunningProcess?> files = new(StringComparer.Ordinal);
        foreach (RunningProcess process in processes)
        {
            // Anyone can call a process so: of others than root's, no word is taken.
            bool isTrusted = ProcessTable.UserId(process.Id) is { } user && (user == 0 || user == ProcessTable.UserId(Environment.ProcessId));
            string[] words = isTrusted ? ProcessTable.CommandLine(process.Id) : [];
            string[] paths = Option(words, kind.Options) is { } path ? [path] : Defaults(kind);
            Array.ForEach(paths, found => files[found] = process);

            // dnsmasq takes its settings as options, too.
            string options = string.Join('\n', words.Skip(1).Select(word => word.TrimStart('-')));
            if (kind.Read(options, interfaceName) is var given && (given.Own || given.Prefixes.Count > 0))
            {
                yield return new Advertiser(kind.Program, process, $"/proc/{process.Id}/cmdline", given.Prefixes, given.Own);
            }
        }

        foreach (string path in Defaults(kind))
        {
            _ = files.TryAdd(path, null);
        }

        foreach ((string path, RunningProcess? process) in files)
        {
            if (TextFile.Read(path) is { } text && kind.Read(text, interfaceName) is var found && (found.Own || found.Prefixes.Count > 0))
            {
                yield return new Advertiser(kind.Program, process, path, found.Prefixes, found.Own);
            }
        }
    }

    private static string[] Defaults(Kind kind) => [.. kind.Files, .. kind.Folder.Length == 0 ? [] : TextFile.List(kind.Folder, kind.Files.Length > 0 ? "*" : "*.network")];

    // As -C path, -Cpath or --config=path; relative paths cannot be followed.
    private static string? Option(string[] words, string[] options)
    {
        for (int i = 1; i < words.Length; i++)
        {
            foreach (string option in options.Where(option => words[i].StartsWith(option, StringComparison.Ordinal)))
            {
                string rest = words[i][option.Length..];
                return rest.Length > 0 ? rest : i + 1 < words.Length ? words[i + 1] : null;
            }
        }

        return null;
    }

    // How a program is called, how its process, how its configuration is given and where it is by itself, and what it says.
    private sealed record Kind(string Program, string ProcessName, string[] Options, string[] Files, string Folder, Syntax Read);
}
