using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>statx(2), for what .NET does not tell: whether a descriptor is a regular file.</summary>
public static unsafe partial class FileStatus
{
    private const int AT_EMPTY_PATH = 0x1000;
    private const uint STATX_TYPE = 1, STATX_MODE = 2;
    private const int StructSize = 256, ModeOffset = 28;
    private const int S_IFMT = 0xF000, S_IFREG = 0x8000, S_IRWXO = 7;

    /// <summary>Whether the descriptor is a regular file that others than its owner and group may read, write or execute.</summary>
    public static bool IsWorldAccessibleFile(int fd)
    {
        Span<byte> status = stackalloc byte[StructSize];
        fixed (byte* first = status)
        {
            if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_MODE, first) != 0)
            {
                return false;
            }
        }

        int mode = BinaryPrimitives.ReadUInt16LittleEndian(status[ModeOffset..]);
        return (mode & S_IFMT) == S_IFREG && (mode & S_IRWXO) != 0;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, byte* status);
}
