using System.Globalization;

namespace WgNet.Linux;

/// <summary>A process: its number and, as the kernel calls it, its name of at most 15 bytes.</summary>
public readonly record struct RunningProcess(int Id, string Name)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} (process {Id})");
}

/// <summary>
/// Who runs and who holds what, as proc(5) tells. Of other users' processes only root sees what they hold; one that ends while it is
/// looked at is left out.
/// </summary>
public static class ProcessTable
{
    private const string Processes = "/proc";

    /// <summary>All of this process's PID namespace.</summary>
    public static IEnumerable<RunningProcess> All() => Directory.EnumerateDirectories(Processes)
        .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : 0)
        .Where(id => id > 0)
        .Select(id => new RunningProcess(id, ReadText(id, "comm").TrimEnd('\n')))
        .Where(process => process.Name.Length > 0);

    /// <summary>Those in this process's network namespace that have a descriptor of the TUN or TAP interface.</summary>
    public static IReadOnlyList<RunningProcess> TunHolders(string interfaceName)
    {
        string line = "iff:\t" + interfaceName;
        return [.. All().Where(process => IsInOwnNetwork(process.Id) && Descriptors(process.Id).Any(descriptor =>
            descriptor.Target.EndsWith("/net/tun", StringComparison.Ordinal)
            && ReadText(process.Id, $"fdinfo/{descriptor.Number}").Split('\n').Contains(line, StringComparer.Ordinal)))];
    }

    /// <summary>Those that have one of the sockets, whose inodes /proc/net/udp and its like name.</summary>
    public static IReadOnlyList<RunningProcess> SocketHolders(IEnumerable<ulong> inodes)
    {
        HashSet<string> targets = [.. inodes.Select(inode => string.Create(CultureInfo.InvariantCulture, $"socket:[{inode}]"))];
        return targets.Count == 0 ? [] : [.. All().Where(process => Descriptors(process.Id).Any(descriptor => targets.Contains(descriptor.Target)))];
    }

    /// <summary>Whether the process uses the same network as this one; also if that cannot be seen.</summary>
    public static bool IsInOwnNetwork(int id) => ReadLink($"{Processes}/{id}/ns/net") is not { } theirs || theirs == ReadLink($"{Processes}/self/ns/net");

    /// <summary>The user in whose name the process acts, or null.</summary>
    //  Uid:	real	effective	saved	file system
    public static int? UserId(int id)
    {
        string[] words = Array.Find(ReadText(id, "status").Split('\n'), line => line.StartsWith("Uid:", StringComparison.Ordinal))?.Split('\t') ?? [];
        return words.Length > 2 && int.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out int user) ? user : null;
    }

    /// <summary>What the process was started with, its name first; empty if that cannot be seen.</summary>
    public static string[] CommandLine(int id) => ReadText(id, "cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Its environment as it was at its start, <c>name=value</c>; empty if that cannot be seen.</summary>
    public static string[] Environment(int id) => ReadText(id, "environ").Split('\0', StringSplitOptions.RemoveEmptyEntries);

    private static List<(string Number, string Target)> Descriptors(int id)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries($"{Processes}/{id}/fd").Select(path => (Path.GetFileName(path), ReadLink(path) ?? ""))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? ReadLink(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string ReadText(int id, string file)
    {
        try
        {
            return File.ReadAllText($"{Processes}/{id}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
