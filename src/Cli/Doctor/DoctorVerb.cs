using WgNet.Cli.Quick;
using WgNet.Cli.Show;
using WgNet.Linux;

namespace WgNet.Cli.Doctor;

/// <summary><c>wgnet doctor</c>: what stops a gateway, why it matters, and what mends it. Changes nothing.</summary>
internal static class DoctorVerb
{
    private const string Folder = "/etc/wireguard", Extension = ".conf";

    public static readonly Verb Verb = new(
        "doctor", "[<file>.conf | <interface>] [--json]",
        "Finds what stops a gateway, in its file, the running interface and the system, and says what mends it", "wgnet doctor wg0", Run)
    {
        Details = """
            An interface is looked at together with /etc/wireguard/<interface>.conf,
            a file together with the interface that runs under its name. Without
            an argument, all interfaces that run and all files in /etc/wireguard.

            Each line is ok, a warning, an error, or skipped with the reason. Of what
            is wrong it says why that matters, and the command or the line of
            configuration that mends it. Nothing is changed. Root sees most.

            The exit status is 1 if there is an error, and 0 if there is none, with
            or without warnings.
            """,
    };

    private static int Run(string[] args, Streams streams)
    {
        string[] words = JsonLine.TakeOption(args, out bool json);
        if (words.Length > 1)
        {
            throw new UsageException($"`{words[1]}' was not expected");
        }

        List<Report> reports = [];
        foreach ((string name, string? file) in words.Length == 1 ? [Find(words[0])] : FindAll(streams))
        {
            var facts = FactsReader.Read(name, file);
            reports.Add(new Report(name, file, facts.Socket is SocketState.Answers or SocketState.Forbidden, Check.Run(facts)));
        }

        if (json)
        {
            DoctorPrinter.WriteJson(streams.Out, reports);
        }
        else
        {
            new DoctorPrinter(streams.Out, Paint.ForOutput()).Print(reports);
        }

        return reports.Exists(report => report.Count(Severity.Error) > 0) ? 1 : 0;
    }

    private static (string Name, string? File) Find(string argument)
    {
        if (InterfaceName.IsValid(argument))
        {
            string path = $"{Folder}/{argument}{Extension}";
            if (File.Exists(path))
            {
                return (argument, QuickFile.Locate(argument).Path);
            }

            if (RunningInterfaces.IsRunning(argument) || Exists(argument))
            {
                return (argument, null);
            }

            if (!File.Exists(argument))
            {
                throw new CommandException($"there is neither an interface `{argument}' nor a file `{path}'");
            }
        }

        // Beside a plain name, a file of this folder; wg-quick(8) takes it for an interface's.
        var file = QuickFile.Locate(Path.GetFullPath(argument));
        return (file.InterfaceName, file.Path);
    }

    private static IEnumerable<(string Name, string? File)> FindAll(Streams streams)
    {
        string[] names = [.. QuickFile.Names().Union(RunningInterfaces.Names(), StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (!Environment.IsPrivilegedProcess)
        {
            streams.Error.WriteLine($"wgnet: without root, not all that is in {Folder} may be seen");
        }

        return names.Length > 0 ? names.Select(Find)
            : throw new CommandException($"there is nothing to look at: no interface runs, and there is no file in {Folder}; `wgnet init' writes one");
    }

    private static bool Exists(string name)
    {
        using RouteNetlink netlink = new();
        return netlink.FindLink(name) is not null;
    }
}
