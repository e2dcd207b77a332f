using System.Globalization;

namespace WgNet.TestBed;

/// <summary>A process's memory in bytes, from /proc.</summary>
/// <param name="Resident">VmRSS.</param>
/// <param name="Private">RssAnon: what no other process could share.</param>
public sealed record ProcessMemory(long Resident, long Private)
{
    public static ProcessMemory Of(int pid)
    {
        string[] lines = File.ReadAllLines($"/proc/{pid}/status");
        return new ProcessMemory(Field(lines, "VmRSS:"), Field(lines, "RssAnon:"));
    }

    /// <summary>The most that it was resident at any time, and its private memory now.</summary>
    public static ProcessMemory PeakOf(int pid)
    {
        string[] lines = File.ReadAllLines($"/proc/{pid}/status");
        return new ProcessMemory(Field(lines, "VmHWM:"), Field(lines, "RssAnon:"));
    }

    private static long Field(string[] lines, string name)
    {
        string line = Array.Find(lines, l => l.StartsWith(name, StringComparison.Ordinal))!;
        return 1024 * long.Parse(line[name.Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture);
    }
}
