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
            throw new ConfigurationException($"metrics cannot be served at {address}: {e.Message}", e.Errno);
        }
        catch (SocketException e)
        {
            throw new ConfigurationException($"metrics cannot be served at {address}: {e.Message}", e.NativeErrorCode);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"metrics cannot be served at {address}: {e.Message}", Errno.EIO);
        }
    }

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
