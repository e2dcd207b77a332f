using System.Globalization;

namespace WgNet.Bench;

/// <summary>What a set of processes has used up until now.</summary>
/// <param name="Cpu">Seconds on a processor, all threads, by the scheduler's own account and not by ticks.</param>
/// <param name="WakeUps">Voluntary context switches.</param>
internal sealed record ProcessTimes(double Cpu, long WakeUps)
{
    public static ProcessTimes Of(IEnumerable<Daemon> daemons)
    {
        double nanoseconds = 0;
        long switches = 0;
        foreach (string task in daemons.SelectMany(daemon => Directory.GetDirectories($"/proc/{daemon.Pid}/task")))
        {
            // schedstat: time on a processor (ns), time waiting for one (ns), timeslices.
            nanoseconds += double.Parse(File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture);
            switches += File.ReadLines(Path.Combine(task, "status"))
                .Where(line => line.StartsWith("voluntary_ctxt_switches:", StringComparison.Ordinal))
                .Sum(line => long.Parse(line.Split(':')[1], CultureInfo.InvariantCulture));
        }

        return new ProcessTimes(nanoseconds / 1e9, switches);
    }

    public static ProcessTimes operator -(ProcessTimes after, ProcessTimes before) => new(after.Cpu - before.Cpu, after.WakeUps - before.WakeUps);
}
