using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>struct pollfd: one descriptor to wait for, and what poll(2) said of it.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PollFd(int fd, short events)
{
    public const short POLLIN = 1, POLLOUT = 4, POLLERR = 8, POLLHUP = 16, POLLNVAL = 32;

    /// <summary>Below 0: this entry is passed over.</summary>
    public int Fd = fd;
    public short Events = events;
    public short Returned;

    public readonly bool IsReadable => (Returned & POLLIN) != 0;

    /// <summary>An error that the kernel reports unasked; it stays until its cause is gone, so waiting again returns at once.</summary>
    public readonly bool HasError => (Returned & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

/// <summary>ppoll(2): how a thread sleeps until a descriptor has something.</summary>
public static unsafe partial class Poll
{
    /// <summary>Sleeps until at least one entry is ready, through signals; what is ready is in <see cref="PollFd.Returned"/>.</summary>
    public static void Wait(Span<PollFd> fds) => Wait(fds, Timeout.InfiniteTimeSpan);

    /// <summary>The same, at most <paramref name="timeout"/> long. False if that ran out (or a signal came first while there is one).</summary>
    public static bool Wait(Span<PollFd> fds, TimeSpan timeout)
    {
        bool forever = timeout == Timeout.InfiniteTimeSpan;
        var time = new Timespec
        {
            Seconds = timeout.Ticks / TimeSpan.TicksPerSecond,
            Nanoseconds = timeout.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick,
        };
        fixed (PollFd* first = fds)
        {
            for (; ; )
            {
                int ready = ppoll(first, (nuint)fds.Length, forever ? null : &time, null);
                if (ready >= 0)
                {
                    return ready > 0;
                }

                int errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR)
                {
                    throw new LinuxException("ppoll", $"{fds.Length} descriptors", errno);
                }

                if (!forever)
                {
                    return false;
                }
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ppoll(PollFd* fds, nuint count, Timespec* timeout, void* signals);
}
