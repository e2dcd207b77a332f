using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>
/// eventfd(2): how one thread ends another's <see cref="Poll.Wait(Span{PollFd})"/>. Signals are not lost and not counted:
/// any number of them before <see cref="Drain"/> are one. Thread-safe until disposed.
/// </summary>
public sealed unsafe partial class EventFd : IDisposable
{
    private const int EFD_CLOEXEC = 0x80000, EFD_NONBLOCK = 0x800;

    public EventFd()
    {
        Fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (Fd < 0)
        {
            throw new LinuxException("eventfd", "", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>For poll: readable from a <see cref="Signal"/> to the next <see cref="Drain"/>. −1 once disposed.</summary>
    public int Fd { get; private set; }

    /// <summary>Makes the descriptor readable.</summary>
    public void Signal()
    {
        ulong one = 1;
        // It can fail only when the count is at its top, and then the descriptor is readable already.
        _ = write(Fd, &one, sizeof(ulong));
    }

    /// <summary>Takes all signals back.</summary>
    public void Drain()
    {
        ulong count;
        _ = read(Fd, &count, sizeof(ulong));
    }

    public void Dispose()
    {
        if (Fd >= 0)
        {
            _ = FileDescriptor.close(Fd);
            Fd = -1;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc")]
    private static partial nint read(int fd, ulong* count, nuint size);

    [LibraryImport("libc")]
    private static partial nint write(int fd, ulong* count, nuint size);
}
