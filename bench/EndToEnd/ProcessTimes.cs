using System.Globalization;

namespace WgNet.Bench;

/// <summary>What the threads of a set of processes have used up until now.</summary>
internal sealed class ProcessTimes
{
    private readonly Dictionary<string, (double Cpu, long WakeUps)> _threads = [];

    /// <summary>Seconds on a processor, by the scheduler's own account and not by ticks.</summary>
    public double Cpu => _threads.Values.Sum(thread => thread.Cpu);

    /// <summary>Voluntary context switches.</summary>
    public long WakeUps => _threads.Values.Sum(thread => thread.WakeUps);

    public static ProcessTimes Of(IEnumerable<Daemon> daemons)
    {
        var times = new ProcessTimes();
        foreach (string task in daemons.SelectMany(daemon => Directory.GetDirectories($"/proc/{daemon.Pid}/task")))
        {
            try
            {
                times._threads[task] = Read(task);
            }
            catch (IOException)
            {
                // It ended just now.
            }
        }

        return times;
    }

    /// <summary>What was used between the two; a thread that ended meanwhile is left out, for what it used is gone with it.</summary>
    public static ProcessTimes operator -(ProcessTimes after, ProcessTimes before)
    {
        var used = new ProcessTimes();
        foreach ((string task, (double cpu, long wakeUps)) in after._threads)
        {
            (double cpuBefore, long wakeUpsBefore) = before._threads.GetValueOrDefault(task);
            used._threads[task] = (cpu - cpuBefore, wakeUps - wakeUpsBefore);
        }

        return used;
    }

    // schedstat: time on a processor (ns), time waiting for one (ns), timeslices.
    private static (double Cpu, long WakeUps) Read(string task)
    {
        double nanoseconds = double.Parse(File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture);
        long switches = File.ReadLines(Path.Combine(task, "status"))
            .Where(line => line.StartsWith("voluntary_ctxt_switches:", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.Split(':')[1], CultureInfo.InvariantCulture));
        return (nanoseconds / 1e9, switches);
    }
}
