using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>How late the kernel may end a thread's timed waits, so that it need not wake a processor for them alone (prctl(2), PR_SET_TIMERSLACK).</summary>
public static partial class TimerSlack
{
    private const int PR_SET_TIMERSLACK = 29;

    /// <summary>For the calling thread. What is waited for, other than time, still ends a wait at once. The default is 50 µs.</summary>
    public static void SetForThisThread(TimeSpan slack) =>
        _ = prctl(PR_SET_TIMERSLACK, (nuint)(slack.Ticks * TimeSpan.NanosecondsPerTick), 0, 0, 0);

    [LibraryImport("libc")]
    private static partial int prctl(int option, nuint slack, nuint unused3, nuint unused4, nuint unused5);
}
