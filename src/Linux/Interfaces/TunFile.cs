using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>/dev/net/tun and the ioctls of linux/if_tun.h.</summary>
public static unsafe partial class TunFile
{
    public const short IFF_TUN = 1, IFF_TAP = 2, IFF_NO_PI = 0x1000, IFF_VNET_HDR = 0x4000;
    public const uint TUN_F_CSUM = 1, TUN_F_TSO4 = 2, TUN_F_TSO6 = 4, TUN_F_TSO_ECN = 8, TUN_F_USO4 = 0x20, TUN_F_USO6 = 0x40;

    private const string Device = "/dev/net/tun";
    private const int O_RDWR = 2, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000;
    private const nuint TUNSETIFF = 0x400454ca, TUNSETOFFLOAD = 0x400454d0, TUNGETIFF = 0x800454d2,
        TUNSETVNETHDRSZ = 0x400454d8, TUNGETDEVNETNS = 0x54e3;

    /// <summary>A descriptor that is not yet an interface, and that never waits.</summary>
    public static int Open()
    {
        int fd = open(Device, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        return fd >= 0 ? fd : throw new LinuxException("open", Device, Marshal.GetLastPInvokeError());
    }

    /// <summary>TUNSETIFF: makes the interface. 0 or errno.</summary>
    public static int TrySetInterface(int fd, string name, short flags)
    {
        var request = new InterfaceRequest { Name = name, Flags = flags };
        return ioctl(fd, TUNSETIFF, &request) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>TUNGETIFF: the current name and the IFF_* flags; 0 or errno, which is EBADFD once the interface is deleted.</summary>
    public static int TryGetInterface(int fd, out string name, out short flags)
    {
        InterfaceRequest request = default;
        int result = ioctl(fd, TUNGETIFF, &request) == 0 ? 0 : Marshal.GetLastPInvokeError();
        (name, flags) = (request.Name, request.Flags);
        return result;
    }

    /// <summary>False only when the interface is deleted; it may still live in another network namespace.</summary>
    public static bool IsAlive(int fd)
    {
        InterfaceRequest request = default;
        return ioctl(fd, TUNGETIFF, &request) == 0 || Marshal.GetLastPInvokeError() is not (Errno.EBADFD or Errno.EBADF);
    }

    /// <summary>TUNSETOFFLOAD: what the kernel may leave to the reader (TUN_F_*). False: it does not know one of them.</summary>
    public static bool TrySetOffload(int fd, uint features) => ioctl(fd, TUNSETOFFLOAD, (void*)features) == 0;

    /// <summary>TUNSETVNETHDRSZ: another process may have set another size before it handed the descriptor on.</summary>
    public static bool TrySetVirtioNetHeaderSize(int fd, int size) => ioctl(fd, TUNSETVNETHDRSZ, &size) == 0;

    /// <summary>TUNGETDEVNETNS (Linux 5.2): a descriptor of the network namespace that the interface is in now, or −errno.</summary>
    public static int GetNetworkNamespace(int fd)
    {
        int result = ioctl(fd, TUNGETDEVNETNS, null);
        return result >= 0 ? result : -Marshal.GetLastPInvokeError();
    }

    /// <summary>Writes one packet, with its header where the descriptor has one; 0 or errno. Through signals.</summary>
    public static int Write(int fd, ReadOnlySpan<byte> packet)
    {
        fixed (byte* source = packet)
        {
            while (write(fd, source, (nuint)packet.Length) < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR)
                {
                    return errno;
                }
            }
        }

        return 0;
    }

    /// <summary>Bytes read; 0 when there are none now; −errno. Through signals.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Read(int fd, NativeBuffer buffer, int offset, int length)
    {
        byte* destination = buffer.Pointer(offset, length);
        for (; ; )
        {
            int count = SystemCall.Read(fd, destination, length);
            if (count != -Errno.EINTR)
            {
                return count == -Errno.EAGAIN ? 0 : count;
            }
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    // ioctl is variadic in C; on x86-64 and Arm64 Linux a pointer argument travels as in a plain call.
    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nuint count);
}
