using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WgNet.Linux;

/// <summary>
/// flock(2) on a file of its own. .NET's FileShare takes such locks, too, and would not let a second process even read who has it.
/// </summary>
public static partial class FileLock
{
    private const int O_RDWR = 2, O_CREAT = 0x40, O_CLOEXEC = 0x80000, OwnerOnly = 0x180;
    private const int LOCK_EX = 2, LOCK_NB = 4;

    /// <summary>Opens the file, which is made for its owner alone if it is not there; does not take the lock.</summary>
    /// <exception cref="LinuxException">It could not be opened.</exception>
    public static SafeFileHandle Open(string path)
    {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, OwnerOnly);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw new LinuxException("open", path, Marshal.GetLastPInvokeError());
    }

    /// <summary>False if somebody else who opened the file has it. It is given back when the handle is closed, or its process is killed.</summary>
    /// <exception cref="LinuxException">The file system has no locks.</exception>
    public static bool TryTake(SafeFileHandle file)
    {
        while (flock(file, LOCK_EX | LOCK_NB) != 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EAGAIN:
                    return false;
                case Errno.EINTR:
                    continue;
                case int errno:
                    throw new LinuxException("flock", "the lock's file", errno);
            }
        }

        return true;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFileHandle file, int operation);
}
