using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>
/// How long one thread has run on a processor, readable by every thread of the process: the kernel counts anyway, so that the thread
/// itself does nothing for it. The clock's number is made of the thread's as the kernel's make_thread_cpuclock does
/// (include/linux/posix-timers.h), which is also what pthread_getcpuclockid(3) of glibc does.
/// </summary>
public readonly partial struct ThreadClock
{
    private const int CPUCLOCK_SCHED = 2, CPUCLOCK_PERTHREAD_MASK = 4;

    // Negative for every thread; 0 for none.
    private readonly int _clock;

    private ThreadClock(int clock) => _clock = clock;

    /// <summary>Of the calling thread, which must be one of the system's for good, not lent by a pool.</summary>
    public static ThreadClock OfThisThread() => new((~gettid() << 3) | CPUCLOCK_PERTHREAD_MASK | CPUCLOCK_SCHED);

    /// <summary>Nanoseconds in user and kernel mode; 0 if the thread has ended, or has not begun.</summary>
    public long Nanoseconds => _clock < 0 && Clock.TryRead(_clock, out long time) ? time : 0;

    [LibraryImport("libc")]
    private static partial int gettid();
}
