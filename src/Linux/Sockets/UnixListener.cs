using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace WgNet.Linux;

/// <summary>
/// Unix sockets that listen for their owner alone. Made by the system's own calls: .NET's socket would in the end remove the file that
/// is at its path then, whosever it is.
/// </summary>
public static partial class UnixListener
{
    private const int AF_UNIX = 1, SOCK_STREAM = 1, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000;

    // struct sockaddr_un.
    private const int LongestName = 110;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Listens at a path, in place of a socket that a dead process left there. No other file is ever removed, not in the end either.</summary>
    /// <param name="path">At most 107 bytes.</param>
    /// <exception cref="LinuxException">EADDRINUSE: somebody answers there, or it is another file; or whatever bind(2) says.</exception>
    public static Socket Open(string path, int backlog)
    {
        if (FileStatus.SocketInode(path) is not null && IsStale(path))
        {
            File.Delete(path);
        }

        int fd = Check(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket", path);
        var handle = new SafeSocketHandle(fd, ownsHandle: true);
        try
        {
            // bind(2) gives the file the socket's own mode: there is no moment at which others could connect, nor a path to be
            // exchanged under a chmod.
            using (var file = new SafeFileHandle(fd, ownsHandle: false))
            {
                File.SetUnixFileMode(file, OwnerOnly);
            }

            Listen(handle, path, backlog);
            return new Socket(handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    // wg(8) removes a control socket that refuses it, as one does between bind(2) and listen(2). So the socket listens under another name
    // before it comes to its own, which link(2) takes from nobody. Only a path longer than any control socket's leaves no room for that name.
    private static void Listen(SafeSocketHandle socket, string path, int backlog)
    {
        string other = path + string.Create(CultureInfo.InvariantCulture, $".{Environment.ProcessId}");
        if (Name(other).Length > LongestName)
        {
            BindAndListen(socket, path, path, backlog);
            return;
        }

        // A process of this number may have left one when it died just here.
        if (FileStatus.SocketInode(other) is not null)
        {
            File.Delete(other);
        }

        BindAndListen(socket, other, path, backlog);
        int linked = link(other, path);
        int errno = Marshal.GetLastPInvokeError();
        File.Delete(other);
        if (linked != 0)
        {
            throw new LinuxException("bind", path, errno == Errno.EEXIST ? Errno.EADDRINUSE : errno);
        }
    }

    // What fails, fails for the path that the caller knows.
    private static void BindAndListen(SafeSocketHandle socket, string at, string path, int backlog)
    {
        byte[] name = Name(at);
        _ = Check(bind(socket, ref name[0], (uint)name.Length), "bind", path);
        _ = Check(listen(socket, backlog), "listen", path);
    }

    // struct sockaddr_un: family 2 | path, with the zero that ends it
    private static byte[] Name(string path)
    {
        byte[] name = new byte[sizeof(ushort) + Encoding.UTF8.GetByteCount(path) + 1];
        _ = BitConverter.TryWriteBytes(name, (ushort)AF_UNIX);
        _ = Encoding.UTF8.GetBytes(path, name.AsSpan(sizeof(ushort)));
        return name;
    }

    private static bool IsStale(string path)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }

    private static int Check(int result, string call, string path) =>
        result >= 0 ? result : throw new LinuxException(call, path, Marshal.GetLastPInvokeError());

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(SafeSocketHandle socket, ref byte name, uint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string existing, string name);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int listen(SafeSocketHandle socket, int backlog);
}
