using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>How much of a processor a thread gets while others want it: sched(7), "The nice value".</summary>
public static partial class Niceness
{
    /// <summary>The nicest, whom everybody else comes before, and the one who comes before everybody else.</summary>
    public const int Most = 19, Least = -20;

    private const int PRIO_PROCESS = 0, ThisThread = 0;

    /// <summary>
    /// Adds to the calling thread's, bounded to what there is; threads that it starts begin with its. False, and nothing changed, if
    /// that may not be: below 0 takes CAP_SYS_NICE (or RLIMIT_NICE).
    /// </summary>
    public static bool TryAdd(int increment)
    {
        // The call's −1 for a failure is also a value; for the calling thread it does not fail.
        int nice = Math.Clamp(getpriority(PRIO_PROCESS, ThisThread) + increment, Least, Most);
        return setpriority(PRIO_PROCESS, ThisThread, nice) == 0;
    }

    [LibraryImport("libc")]
    private static partial int getpriority(int which, int who);

    [LibraryImport("libc")]
    private static partial int setpriority(int which, int who, int nice);
}
