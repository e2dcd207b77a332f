using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WgNet.Linux;

/// <summary>
/// network_namespaces(7). A namespace belongs to a thread: use these only on a thread of one's own, never on one of the pool.
/// What the thread opens belongs to the namespace for good.
/// </summary>
public static partial class NetworkNamespace
{
    private const int CLONE_NEWNET = 0x40000000;

    /// <summary>Moves the calling thread into the namespace of a descriptor; needs CAP_SYS_ADMIN.</summary>
    public static void Enter(int fd) => ThrowIfFailed(setns(fd, CLONE_NEWNET), "setns");

    /// <summary>Does something in the namespace of a descriptor and comes back; needs CAP_SYS_ADMIN in both.</summary>
    public static T Run<T>(int fd, Func<T> action)
    {
        using SafeFileHandle home = File.OpenHandle("/proc/thread-self/ns/net");
        Enter(fd);
        try
        {
            return action();
        }
        finally
        {
            Enter((int)home.DangerousGetHandle());
        }
    }

    /// <summary>The calling thread is in the namespace of a descriptor already. Entering it again would need rights all the same.</summary>
    public static bool IsCurrent(int fd)
    {
        string? current = new FileInfo("/proc/thread-self/ns/net").LinkTarget;
        return current is not null && current == new FileInfo($"/proc/self/fd/{fd}").LinkTarget;
    }

    /// <summary>Moves the calling thread into a new, empty namespace, which ends with the last thread, descriptor or interface's user in it.</summary>
    public static void Unshare() => ThrowIfFailed(unshare(CLONE_NEWNET), "unshare");

    private static void ThrowIfFailed(int result, string call)
    {
        if (result < 0)
        {
            throw new LinuxException(call, "CLONE_NEWNET", Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int fd, int type);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);
}
