using System.Net.Sockets;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Uapi;

namespace WgNet.Cli.Show;

/// <summary>The interfaces that have a live control socket, WgNet's and other userspace implementations' alike.</summary>
internal static class RunningInterfaces
{
    public static IReadOnlyList<string> Names() =>
        [.. UapiListener.Interfaces().Where(name => InterfaceName.IsValid(name) && IsRunning(name))];

    /// <summary>
    /// Does something with each of them. One that went away or does not answer must not hide the others: it is named on standard
    /// error.
    /// </summary>
    /// <returns>The exit code: 1 if there was such a one.</returns>
    public static int ForEach(Streams streams, Action<string, DeviceSnapshot> action)
    {
        int exitCode = 0;
        foreach (string name in Names())
        {
            try
            {
                action(name, UapiClient.Get(name));
            }
            catch (UapiException exception)
            {
                streams.Error.WriteLine($"wgnet: {Unreachable(exception).Message}");
                exitCode = 1;
            }
        }

        return exitCode;
    }

    /// <summary>The interface as it is; the caller wipes the keys in it.</summary>
    public static DeviceSnapshot Get(string name)
    {
        InterfaceName.Check(name);
        try
        {
            return UapiClient.Get(name);
        }
        catch (UapiException exception)
        {
            throw Unreachable(exception);
        }
    }

    /// <summary>What to say of an interface that cannot be asked.</summary>
    public static CommandException Unreachable(UapiException cause) => new($"Unable to access interface: {cause.Message}");

    /// <summary>The WireGuard interfaces of this network namespace that the kernel runs itself, and that therefore have no control socket.</summary>
    public static IReadOnlyList<string> OfTheKernel()
    {
        try
        {
            using var netlink = new RouteNetlink();
            return [.. netlink.Links().Where(link => link.Kind == "wireguard").Select(link => link.Name).Order(StringComparer.Ordinal)];
        }
        catch (LinuxException)
        {
            // Where netlink is forbidden, nobody need hear of them.
            return [];
        }
    }

    /// <summary>
    /// Whether a device answers for the name now; a socket file that a killed process left behind does not count. One that only root may
    /// ask does: whoever asks it is told that, and not that there is none.
    /// </summary>
    public static bool IsRunning(string name)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(UapiListener.SocketPath(name)));
            return true;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode == SocketError.AccessDenied;
        }
    }
}
