using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>What descriptors of every kind have in common.</summary>
public static partial class FileDescriptor
{
    private const int F_GETFL = 3, F_SETFL = 4, F_SETFD = 2, FD_CLOEXEC = 1, O_NONBLOCK = 0x800;

    /// <summary>Closes it; a second close of the same number could hit someone else's descriptor, so owners keep −1 afterwards.</summary>
    public static void Close(int fd) => _ = close(fd);

    /// <summary>Makes an inherited descriptor what an own one is from the start: it never waits and is not handed on to child processes.</summary>
    public static void SetNonBlockingCloseOnExec(int fd)
    {
        int flags = fcntl(fd, F_GETFL, 0);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        {
            throw new LinuxException("fcntl", $"descriptor {fd}", Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc")]
    internal static partial int close(int fd);

    // fcntl is variadic in C; on x86-64 and Arm64 Linux an int argument travels as in a plain call.
    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, int argument);
}
