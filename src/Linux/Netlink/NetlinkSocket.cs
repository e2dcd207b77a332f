using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>
/// A NETLINK_ROUTE socket (rtnetlink(7)) of the network namespace that the opening thread is in, and stays in.
/// One sender and one receiver at a time.
/// </summary>
public sealed unsafe partial class NetlinkSocket : IDisposable
{
    /// <summary>A datagram never is longer than this when the reader offers it (netlink(7): 32 KiB for dumps).</summary>
    public const int ReceiveSize = 32 * 1024;

    private const int AF_NETLINK = 16, SOCK_RAW = 3, SOCK_CLOEXEC = 0x80000, NETLINK_ROUTE = 0, MSG_DONTWAIT = 0x40, MSG_TRUNC = 0x20;

    private NetlinkSocket(int fd) => Fd = fd;

    /// <summary>For <see cref="Poll"/>. −1 once disposed.</summary>
    public int Fd { get; private set; }

    /// <param name="groups">RTMGRP_* bits of <see cref="Rtnetlink"/> to listen to; 0 for requests only.</param>
    public static NetlinkSocket Open(uint groups = 0)
    {
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        if (fd < 0)
        {
            throw new LinuxException("socket", "NETLINK_ROUTE", Marshal.GetLastPInvokeError());
        }

        var address = new SockaddrNl { Family = AF_NETLINK, Groups = groups };
        if (bind(fd, &address, sizeof(SockaddrNl)) < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            FileDescriptor.Close(fd);
            throw new LinuxException("bind", "NETLINK_ROUTE", errno);
        }

        return new NetlinkSocket(fd);
    }

    /// <summary>Sends one datagram of complete messages to the kernel.</summary>
    public void Send(ReadOnlySpan<byte> messages)
    {
        var kernel = new SockaddrNl { Family = AF_NETLINK };
        fixed (byte* first = messages)
        {
            if (sendto(Fd, first, (nuint)messages.Length, 0, &kernel, sizeof(SockaddrNl)) < 0)
            {
                throw new LinuxException("sendto", "NETLINK_ROUTE", Marshal.GetLastPInvokeError());
            }
        }
    }

    /// <summary>
    /// One datagram from the kernel, to be read with <see cref="NetlinkMessages"/>; waits for it unless told otherwise.
    /// 0: nothing is there (only without waiting) or it did not come from the kernel; −<see cref="Errno.ENOBUFS"/>: messages were lost
    /// (also: it did not fit), so that whoever follows a state has to ask for it anew.
    /// </summary>
    public int Receive(Span<byte> buffer, bool wait = true)
    {
        SockaddrNl from;
        fixed (byte* first = buffer)
        {
            for (; ; )
            {
                int size = sizeof(SockaddrNl);
                nint length = recvfrom(Fd, first, (nuint)buffer.Length, MSG_TRUNC | (wait ? 0 : MSG_DONTWAIT), &from, &size);
                if (length >= 0)
                {
                    return length > buffer.Length ? -Errno.ENOBUFS : from.PortId == 0 ? (int)length : 0;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case Errno.EINTR:
                        continue;
                    case Errno.EAGAIN:
                        return 0;
                    case Errno.ENOBUFS:
                        return -Errno.ENOBUFS;
                    case int errno:
                        throw new LinuxException("recvfrom", "NETLINK_ROUTE", errno);
                }
            }
        }
    }

    public void Dispose()
    {
        if (Fd >= 0)
        {
            FileDescriptor.Close(Fd);
            Fd = -1;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int fd, SockaddrNl* address, int size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendto(int fd, byte* data, nuint length, int flags, SockaddrNl* address, int size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvfrom(int fd, byte* data, nuint length, int flags, SockaddrNl* address, int* size);
}
