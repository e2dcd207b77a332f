using System.Net;
using System.Net.Sockets;

namespace WgNet.EndToEnd.Harness;

/// <summary>
/// A UDP relay between two hosts that loses, repeats and holds back datagrams, since not every kernel has netem.
/// Each end takes the relay for its peer. The dice are seeded: a run's faults are its own, but not a matter of luck.
/// </summary>
public sealed class FaultyRelay : IDisposable
{
    private const int Port = 51820;
    private const int BufferSize = 4 << 20;

    private readonly double _rate;
    private readonly Socket _left;
    private readonly Socket _right;
    private readonly EndPoint _leftPeer;
    private readonly EndPoint _rightPeer;
    private readonly Task _forwarders;
    private int _lost;
    private int _repeated;
    private int _reordered;

    /// <summary>Each fault happens to <paramref name="rate"/> of the datagrams in each direction.</summary>
    public FaultyRelay(Host relay, string leftPeer, string rightPeer, double rate)
    {
        _rate = rate;
        _leftPeer = new IPEndPoint(IPAddress.Parse(leftPeer), Tunnel.Port);
        _rightPeer = new IPEndPoint(IPAddress.Parse(rightPeer), Tunnel.Port);
        bool ipv6 = leftPeer.Contains(':', StringComparison.Ordinal);
        _left = Bind(relay, ipv6 ? relay.Links[0].IPv6 : relay.Links[0].IPv4);
        _right = Bind(relay, ipv6 ? relay.Links[1].IPv6 : relay.Links[1].IPv4);
        _forwarders = Task.WhenAll(
            relay.Namespace.EnterAsync(() => Forward(_left, _right, _rightPeer, new Random(10))),
            relay.Namespace.EnterAsync(() => Forward(_right, _left, _leftPeer, new Random(20))));
    }

    /// <summary>How many datagrams each fault hit until now.</summary>
    public (int Lost, int Repeated, int Reordered) Faults => (_lost, _repeated, _reordered);

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
        socket.Bind(new IPEndPoint(local, Port));
        return socket;
    });

    private bool Forward(Socket from, Socket to, EndPoint destination, Random dice)
    {
        byte[] datagram = new byte[65536];
        byte[] held = new byte[65536];
        int heldLength = 0;
        try
        {
            while (true)
            {
                int length = from.Receive(datagram);
                double fate = dice.NextDouble();
                if (fate < _rate)
                {
                    _lost++;
                    continue;
                }

                if (fate < 2 * _rate && heldLength == 0)
                {
                    // Sent after the next one that passes.
                    _reordered++;
                    datagram.AsSpan(0, length).CopyTo(held);
                    heldLength = length;
                    continue;
                }

                to.SendTo(datagram.AsSpan(0, length), destination);
                if (fate > 1 - _rate)
                {
                    _repeated++;
                    to.SendTo(datagram.AsSpan(0, length), destination);
                }

                if (heldLength > 0)
                {
                    to.SendTo(held.AsSpan(0, heldLength), destination);
                    heldLength = 0;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }
}
