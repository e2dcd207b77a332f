using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>
/// The system calls that a packet waits for, each by its number through syscall(2). A packet that comes after a pause finds the
/// caches cold and pays for every line of code that it meets first: one way into the kernel for all of them is a few lines, and
/// libc's functions, each a cancellation point on a page of its own with errno kept around it, are dozens.
/// </summary>
internal static unsafe partial class SystemCall
{
    // The numbers of x86-64 (arch/x86/entry/syscalls/syscall_64.tbl) and of Arm64 (asm-generic/unistd.h).
    private static readonly bool IsX64 = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => true,
        Architecture.Arm64 => false,
        Architecture other => throw new PlatformNotSupportedException($"The numbers of system calls on {other} are not known."),
    };

    internal static readonly int NumberOfRead = IsX64 ? 0 : 63;
    internal static readonly int NumberOfWriteVector = IsX64 ? 20 : 66;
    internal static readonly int NumberOfPoll = IsX64 ? 271 : 73;
    internal static readonly int NumberOfReceive = IsX64 ? 299 : 243;
    internal static readonly int NumberOfSend = IsX64 ? 307 : 269;

    /// <summary>read(2): bytes, or −errno.</summary>
    public static int Read(int fd, byte* buffer, int length) => Invoke(NumberOfRead, fd, (nint)buffer, length, 0, 0);

    /// <summary>writev(2): bytes, or −errno.</summary>
    public static int WriteVector(int fd, IoVector* vectors, int count) => Invoke(NumberOfWriteVector, fd, (nint)vectors, count, 0, 0);

    /// <summary>ppoll(2) with all signals as they are: how many are ready, or −errno. The kernel leaves in <paramref name="timeout"/> what is left of it.</summary>
    public static int Poll(PollFd* fds, int count, Timespec* timeout) => Invoke(NumberOfPoll, (nint)fds, count, (nint)timeout, 0, 0);

    /// <summary>recvmmsg(2) without a timeout: messages, or −errno.</summary>
    public static int Receive(int fd, MultiMessageHeader* messages, int count, int flags) =>
        Invoke(NumberOfReceive, fd, (nint)messages, count, flags, 0);

    /// <summary>sendmmsg(2): messages, or −errno.</summary>
    public static int Send(int fd, MultiMessageHeader* messages, int count, int flags) =>
        Invoke(NumberOfSend, fd, (nint)messages, count, flags, 0);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Invoke(int number, nint a, nint b, nint c, nint d, nint e)
    {
        nint result = syscall(number, a, b, c, d, e);

        // The runtime keeps errno on its way out of a call, as it must for SetLastError.
        return result >= 0 ? (int)result : -Marshal.GetLastSystemError();
    }

    // Variadic in C; on x86-64 and Arm64 Linux integers travel as in a plain call.
    [LibraryImport("libc")]
    private static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e);
}
