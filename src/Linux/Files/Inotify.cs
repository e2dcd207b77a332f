using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>
/// inotify(7) on one file: tells when it may have been unlinked, moved or replaced, without polling. One thread waits,
/// any other ends its wait by <see cref="Stop"/>; disposed by the waiting thread, or when nobody waits any more.
/// </summary>
public sealed unsafe partial class Inotify : IDisposable
{
    private const int IN_CLOEXEC = 0x80000, IN_NONBLOCK = 0x800;

    // Unlinking a file that is open only changes its link count (IN_ATTRIB): a bound socket keeps its inode alive.
    private const uint IN_ATTRIB = 0x4, IN_DELETE_SELF = 0x400, IN_MOVE_SELF = 0x800;

    private readonly EventFd _stop = new();
    private int _fd;

    /// <exception cref="LinuxException">The file does not exist, or the user's inotify limits are used up.</exception>
    public Inotify(string path)
    {
        _fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        string call = nameof(inotify_init1);
        if (_fd >= 0)
        {
            call = nameof(inotify_add_watch);
            if (inotify_add_watch(_fd, path, IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF) >= 0)
            {
                return;
            }
        }

        var error = new LinuxException(call, path, Marshal.GetLastPInvokeError());
        Dispose();
        throw error;
    }

    /// <summary>Sleeps until something happened to the file (true) or <see cref="Stop"/> was called (false).</summary>
    public bool Wait()
    {
        Span<PollFd> fds = [new PollFd(_fd, PollFd.POLLIN), new PollFd(_stop.Fd, PollFd.POLLIN)];
        Poll.Wait(fds);
        // What exactly happened does not matter, the caller looks at the file; only the queue must be emptied.
        const int SomeEvents = 4096;
        byte* events = stackalloc byte[SomeEvents];
        while (read(_fd, events, SomeEvents) > 0)
        {
        }

        return !fds[1].IsReadable;
    }

    public void Stop() => _stop.Signal();

    public void Dispose()
    {
        if (_fd >= 0)
        {
            FileDescriptor.Close(_fd);
            _fd = -1;
        }

        _stop.Dispose();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(int fd, string path, uint mask);

    [LibraryImport("libc")]
    private static partial nint read(int fd, byte* buffer, nuint size);
}
