using System.Net.Sockets;
using WgNet.Uapi;

namespace WgNet.Cli.Show;

/// <summary>The interfaces whose control sockets accept a connection, WgNet's and other userspace implementations' alike.</summary>
internal static class RunningInterfaces
{
    public static IReadOnlyList<string> Names() =>
        [.. UapiListener.Interfaces().Where(name => InterfaceName.IsValid(name) && IsRunning(name))];

    /// <summary>Whether a device answers for the name now; a socket file that a killed process left behind does not count.</summary>
    public static bool IsRunning(string name)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(UapiListener.SocketPath(name)));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
