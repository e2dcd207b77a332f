using System.Globalization;
using System.Net.Sockets;
using WgNet.Device;
using WgNet.Linux;

namespace WgNet.Uapi;

/// <summary>Where the control socket of an interface is, and how it comes to be there.</summary>
public static class UapiListener
{
    private const string Directory = "/var/run/wireguard";
    private const int Backlog = 128;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode DirectoryMode = OwnerOnly | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Where wg(8) looks for it.</summary>
    public static string SocketPath(string interfaceName) => $"{Directory}/{interfaceName}.sock";

    /// <summary>The interfaces that have a control socket, live or not.</summary>
    public static IEnumerable<string> Interfaces() => !System.IO.Directory.Exists(Directory)
        ? []
        : System.IO.Directory.EnumerateFiles(Directory, "*.sock")
            .Select(path => Path.GetFileNameWithoutExtension(path))
            .Order(StringComparer.Ordinal);

    /// <summary>Creates the socket, in place of one that a dead process left behind.</summary>
    /// <exception cref="ConfigurationException">A process already answers there, or the path cannot be used.</exception>
    public static Socket Open(string interfaceName)
    {
        string path = SocketPath(interfaceName);
        try
        {
            _ = System.IO.Directory.CreateDirectory(Directory, DirectoryMode);
            return UnixListener.Open(path, Backlog);
        }
        catch (LinuxException e) when (e.Errno == Errno.EADDRINUSE)
        {
            throw new ConfigurationException($"{interfaceName} is already running: something answers at {path}", e.Errno);
        }
        catch (LinuxException e)
        {
            throw new ConfigurationException(e.Errno == Errno.EACCES ? e.Message + " (root is needed)" : e.Message, e.Errno);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ConfigurationException($"{path}: {e.Message} (root is needed)", Errno.EACCES);
        }
        catch (IOException e)
        {
            throw new ConfigurationException($"{path}: {e.Message}", Errno.EIO);
        }
    }

    /// <summary>A socket that listens already, inherited from the process that started this one (<c>WG_UAPI_FD</c>).</summary>
    /// <exception cref="ConfigurationException">The descriptor is no listening socket.</exception>
    public static Socket FromFileDescriptor(int fd)
    {
        try
        {
            FileDescriptor.SetNonBlockingCloseOnExec(fd);
            return new Socket(new SafeSocketHandle(fd, ownsHandle: true));
        }
        catch (Exception e) when (e is SocketException or LinuxException)
        {
            throw new ConfigurationException(
                string.Create(CultureInfo.InvariantCulture, $"descriptor {fd} is not a listening socket: {e.Message}"), Errno.EBADF);
        }
    }
}
