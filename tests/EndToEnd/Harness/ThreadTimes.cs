using System.Globalization;

namespace WgNet.EndToEnd.Harness;

/// <summary>How long the threads of a daemon have run on a processor (proc(5), schedstat).</summary>
public static class ThreadTimes
{
    /// <summary>Nanoseconds, one number for each thread of that name.</summary>
    public static IReadOnlyList<long> Of(Tunnel tunnel, string name) =>
        [.. Directory.GetDirectories($"/proc/{tunnel.Daemon.Pid}/task")
            .Where(task => File.ReadAllText(Path.Combine(task, "comm")).Trim() == name)
            .Select(task => long.Parse(File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture))];
}
