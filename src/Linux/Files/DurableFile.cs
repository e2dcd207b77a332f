using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WgNet.Linux;

/// <summary>What a file needs that is to be whole after a crash, and .NET does not have: folders made durable, nothing opened but files.</summary>
public static partial class DurableFile
{
    private const int O_RDONLY = 0, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000;

    // The only one of these flags that is not the same everywhere.
    private static readonly int O_NOFOLLOW = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    /// <summary>
    /// Opens a regular file to read; <paramref name="file"/> is null if there is nothing at the path. False if there is something
    /// else: a symbolic link, which is not followed, a folder, a pipe, which is not waited for, a socket or a device.
    /// </summary>
    /// <exception cref="LinuxException">It could not be opened.</exception>
    public static bool TryOpen(string path, out SafeFileHandle? file)
    {
        file = null;
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
        {
            return Marshal.GetLastPInvokeError() switch
            {
                Errno.ENOENT => true,
                Errno.ELOOP or Errno.ENXIO or Errno.ENODEV => false,
                int errno => throw new LinuxException("open", path, errno),
            };
        }

        if (!FileStatus.IsRegularFile(fd))
        {
            FileDescriptor.Close(fd);
            return false;
        }

        file = new SafeFileHandle(fd, ownsHandle: true);
        return true;
    }

    /// <summary>rename(2): puts one path's file or folder in place of another's, at once and wholly.</summary>
    public static void Rename(string from, string to)
    {
        if (rename(from, to) != 0)
        {
            throw new LinuxException("rename", $"{from} to {to}", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>fsync(2) of a folder: the names in it are as they are now even after a loss of power.</summary>
    public static void SyncFolder(string path)
    {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
        {
            throw new LinuxException("open", path, Marshal.GetLastPInvokeError());
        }

        int result = fsync(fd);
        int errno = Marshal.GetLastPInvokeError();
        FileDescriptor.Close(fd);

        // Some file systems have no fsync of folders; then there is nothing to do.
        if (result != 0 && errno != Errno.EINVAL)
        {
            throw new LinuxException("fsync", path, errno);
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int fd);
}
