using System.Net;
using System.Net.Sockets;
using WgNet.Device;
using WgNet.Linux;

namespace WgNet.Metrics;

/// <summary>The socket that scrapers connect to.</summary>
internal static class MetricsListener
{
    private const int Backlog = 128;

    /// <exception cref="ConfigurationException">Nothing can listen there: says why.</exception>
    public static Socket Open(MetricsAddress address)
    {
        try
        {
            return address.Path is { } path ? UnixListener.Open(path, Backlog) : OpenTcp(address.EndPoint!);
        }
        catch (LinuxException e)
        {
            throw Refused(address, Reason(address, e), e.Errno);
        }
        catch (SocketException e)
        {
            throw Refused(address, e.Message, e.NativeErrorCode);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(address, e.Message, Errno.EIO);
        }
    }

    private static ConfigurationException Refused(MetricsAddress address, string reason, int errno) =>
        new($"metrics cannot be served at {address}: {reason}", errno) { Key = "metrics_listen" };

    // bind(2) calls every file that is there an address in use.
    private static string Reason(MetricsAddress address, LinuxException e) =>
        e.Errno != Errno.EADDRINUSE ? e.Message
        : Directory.Exists(address.Path) ? "it is a directory"
        : FileStatus.SocketInode(address.Path!) is null ? "it is a file, and no socket"
        : "another process answers there";

    private static Socket OpenTcp(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
