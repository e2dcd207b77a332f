using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>statx(2), for what .NET does not tell: whether a descriptor is a regular file, and whether a path is a socket.</summary>
public static unsafe partial class FileStatus
{
    private const int AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, AT_EMPTY_PATH = 0x1000;
    private const uint STATX_TYPE = 1, STATX_MODE = 2, STATX_INO = 0x100;
    private const int StructSize = 256, ModeOffset = 28, InodeOffset = 32;
    private const int S_IFMT = 0xF000, S_IFREG = 0x8000, S_IFSOCK = 0xC000, S_IRWXO = 7;

    /// <summary>Whether the descriptor is a regular file that others than its owner and group may read, write or execute.</summary>
    public static bool IsWorldAccessibleFile(int fd) => Mode(fd) is int mode && (mode & S_IFMT) == S_IFREG && (mode & S_IRWXO) != 0;

    /// <summary>Whether the descriptor is a regular file, and no folder, pipe, socket or device.</summary>
    public static bool IsRegularFile(int fd) => (Mode(fd) & S_IFMT) == S_IFREG;

    /// <summary>The same of what is at a path now, without opening it. Links are followed.</summary>
    public static bool IsRegularFile(string path) => (Mode(AT_FDCWD, path, flags: 0) & S_IFMT) == S_IFREG;

    // Type and permissions; null if the kernel does not tell.
    private static int? Mode(int fd, string path = "", int flags = AT_EMPTY_PATH)
    {
        Span<byte> status = stackalloc byte[StructSize];
        fixed (byte* first = status)
        {
            if (statx(fd, path, flags, STATX_TYPE | STATX_MODE, first) != 0)
            {
                return null;
            }
        }

        return BinaryPrimitives.ReadUInt16LittleEndian(status[ModeOffset..]);
    }

    /// <summary>The inode's number of the socket at a path, by which it is known again; null if there is none. Links are not followed.</summary>
    public static ulong? SocketInode(string path)
    {
        Span<byte> status = stackalloc byte[StructSize];
        fixed (byte* first = status)
        {
            if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_INO, first) != 0)
            {
                return null;
            }
        }

        int mode = BinaryPrimitives.ReadUInt16LittleEndian(status[ModeOffset..]);
        return (mode & S_IFMT) == S_IFSOCK ? BinaryPrimitives.ReadUInt64LittleEndian(status[InodeOffset..]) : null;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, byte* status);
}
