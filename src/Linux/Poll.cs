using System.Runtime.CompilerServices;
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
public static unsafe class Poll
{
    /// <summary>Sleeps until at least one entry is ready, through signals; what is ready is in <see cref="PollFd.Returned"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Wait(Span<PollFd> fds)
    {
        fixed (PollFd* first = fds)
        {
            int ready;
            do
            {
                ready = SystemCall.Poll(first, fds.Length, null);
            }
            while (ready == -Errno.EINTR);
            if (ready < 0)
            {
                throw Failed(ready, fds);
            }
        }
    }

    /// <summary>The same, at most <paramref name="timeout"/> long. False if that ran out or a signal came first.</summary>
    public static bool Wait(Span<PollFd> fds, TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        var time = new Timespec
        {
            Seconds = timeout.Ticks / TimeSpan.TicksPerSecond,
            Nanoseconds = timeout.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick,
        };
        fixed (PollFd* first = fds)
        {
            int ready = SystemCall.Poll(first, fds.Length, &time);
            if (ready < 0 && ready != -Errno.EINTR)
            {
                throw Failed(ready, fds);
            }

            return ready > 0;
        }
    }

    private static LinuxException Failed(int result, ReadOnlySpan<PollFd> fds) => new("ppoll", $"{fds.Length} descriptors", -result);
}
