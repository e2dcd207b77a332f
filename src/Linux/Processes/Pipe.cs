using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WgNet.Linux;

/// <summary>pipe2(2): what one process writes, another reads. Neither end is handed on to child processes but by <see cref="Spawn"/>.</summary>
public static partial class Pipe
{
    private const int O_CLOEXEC = 0x80000;

    public static (SafeFileHandle Read, SafeFileHandle Write) Create()
    {
        Span<int> ends = stackalloc int[2];
        return pipe2(ends, O_CLOEXEC) == 0
            ? (new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true))
            : throw new LinuxException("pipe2", "O_CLOEXEC", Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(Span<int> ends, int flags);
}
