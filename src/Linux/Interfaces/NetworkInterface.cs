using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>netdevice(7): asks and tells the network namespace that the calling thread is in about an interface by name.</summary>
public static unsafe partial class NetworkInterface
{
    private const int AF_UNIX = 1, SOCK_DGRAM = 2, SOCK_CLOEXEC = 0x80000;
    private const nuint SIOCGIFFLAGS = 0x8913, SIOCSIFFLAGS = 0x8914, SIOCGIFMTU = 0x8921, SIOCSIFMTU = 0x8922, SIOCGIFINDEX = 0x8933;
    private const short IFF_UP = 1;

    public static int GetMtu(string name) => Call(SIOCGIFMTU, nameof(SIOCGIFMTU), new InterfaceRequest { Name = name }).Mtu;

    public static void SetMtu(string name, int mtu) =>
        Call(SIOCSIFMTU, $"{nameof(SIOCSIFMTU)} {mtu}", new InterfaceRequest { Name = name, Mtu = mtu });

    public static int GetIndex(string name) => Call(SIOCGIFINDEX, nameof(SIOCGIFINDEX), new InterfaceRequest { Name = name }).Index;

    public static bool IsUp(string name) => (Call(SIOCGIFFLAGS, nameof(SIOCGIFFLAGS), new InterfaceRequest { Name = name }).Flags & IFF_UP) != 0;

    public static void SetUp(string name, bool up)
    {
        InterfaceRequest request = Call(SIOCGIFFLAGS, nameof(SIOCGIFFLAGS), new InterfaceRequest { Name = name });
        request.Flags = (short)(up ? request.Flags | IFF_UP : request.Flags & ~IFF_UP);
        Call(SIOCSIFFLAGS, nameof(SIOCSIFFLAGS), request);
    }

    private static InterfaceRequest Call(nuint command, string call, InterfaceRequest request)
    {
        // Interface ioctls work on a socket of any family; this one exists on hosts without IPv4 or IPv6 too.
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
        {
            throw new LinuxException("socket", "AF_UNIX", Marshal.GetLastPInvokeError());
        }

        int errno = ioctl(fd, command, &request) < 0 ? Marshal.GetLastPInvokeError() : 0;
        FileDescriptor.Close(fd);
        return errno == 0 ? request : throw new LinuxException(call, request.Name, errno);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, void* argument);
}
