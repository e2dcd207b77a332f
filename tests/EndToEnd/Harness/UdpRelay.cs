using System.Net;
using System.Net.Sockets;

namespace WgNet.EndToEnd.Harness;

/// <summary>
/// Carries datagrams between the outside ends of two hosts, since not every kernel has netem; what happens to them on the way is the
/// owner's to say. Each end takes the relay for its peer.
/// </summary>
public sealed class UdpRelay : IDisposable
{
    private const int BufferSize = 4 << 20;

    private readonly Socket _left;
    private readonly Socket _right;
    private readonly Task _forwarders;

    /// <param name="relay">A host with a link to each of the two.</param>
    /// <param name="forward">One direction, on a thread of its own, until a socket is closed under it.</param>
    public UdpRelay(Host relay, string leftPeer, string rightPeer, Forward forward)
    {
        bool ipv6 = leftPeer.Contains(':', StringComparison.Ordinal);
        _left = Bind(relay, ipv6 ? relay.Links[0].IPv6 : relay.Links[0].IPv4);
        _right = Bind(relay, ipv6 ? relay.Links[1].IPv6 : relay.Links[1].IPv4);
        _forwarders = Task.WhenAll(
            relay.Namespace.EnterAsync(() => Run(forward, _left, _right, rightPeer, isLeftward: false)),
            relay.Namespace.EnterAsync(() => Run(forward, _right, _left, leftPeer, isLeftward: true)));
    }

    public delegate void Forward(Socket from, Socket to, EndPoint destination, bool isLeftward);

    public void Dispose()
    {
        _left.Dispose();
        _right.Dispose();
        _forwarders.Wait(TimeSpan.FromSeconds(5));
    }

    private static Socket Bind(Host host, string address) => host.Namespace.Enter(() =>
    {
        IPAddress local = IPAddress.Parse(address);
        var socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = BufferSize,
            SendBufferSize = BufferSize,
        };
        socket.Bind(new IPEndPoint(local, Tunnel.Port));
        return socket;
    });

    private static bool Run(Forward forward, Socket from, Socket to, string destination, bool isLeftward)
    {
        try
        {
            forward(from, to, new IPEndPoint(IPAddress.Parse(destination), Tunnel.Port), isLeftward);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed: that is how it ends.
        }

        return true;
    }
}
