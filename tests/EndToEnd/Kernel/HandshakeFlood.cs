using System.Net;
using System.Net.Sockets;

namespace WgNet.EndToEnd.Kernel;

/// <summary>
/// One handshake initiation, sent again and again: its mac1 is right and its timestamp old, so the receiver has work with each and
/// says so with cookie replies when it has too much. Bursts, so that its queue is long at times but not full for long; each of few
/// system calls, so that no receiver keeps up, however busy the machine is with other things.
/// </summary>
internal sealed class HandshakeFlood : IDisposable
{
    private const int UdpLevel = 17;
    private const int UdpSegment = 103;
    private const int Copies = 60;
    private const int Calls = 25;
    private const int InitiationSize = 148;
    private const int CookieReplySize = 64;
    private const byte CookieReplyType = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(400);

    private readonly Socket _socket;
    private readonly Task _sender;
    private readonly Task _receiver;
    private volatile bool _ended;
    private int _cookies;

    public HandshakeFlood(Host host, byte[] initiation, IPEndPoint destination)
    {
        _socket = NewSocket(host, IPAddress.Any);
        _socket.Connect(destination);
        _socket.SetRawSocketOption(UdpLevel, UdpSegment, BitConverter.GetBytes(InitiationSize));
        byte[] copies = [.. Enumerable.Repeat(initiation, Copies).SelectMany(copy => copy)];
        _sender = Task.Run(() => Send(copies));
        _receiver = Task.Run(Receive);
    }

    /// <summary>How many cookie replies it was sent.</summary>
    public int Cookies => Volatile.Read(ref _cookies);

    /// <summary>The next initiation that comes to <paramref name="trap"/>.</summary>
    public static byte[] Capture(Socket trap)
    {
        byte[] datagram = new byte[2048];
        int length = trap.Receive(datagram);
        Assert.Equal(InitiationSize, length);
        return datagram[..length];
    }

    /// <summary>A UDP socket inside the host.</summary>
    public static Socket NewSocket(Host host, IPAddress address) => host.Namespace.Enter(() =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    });

    public void Dispose()
    {
        _ended = true;
        _socket.Dispose();
        Task.WaitAll([_sender, _receiver], TimeSpan.FromSeconds(5));
    }

    private void Send(byte[] copies)
    {
        try
        {
            while (!_ended)
            {
                for (int i = 0; i < Calls; i++)
                {
                    _socket.Send(copies);
                }

                Thread.Sleep(Pause);
            }
        }
        catch (Exception e) when (_ended && e is SocketException or ObjectDisposedException)
        {
            // Disposed: the end.
        }
    }

    private void Receive()
    {
        byte[] datagram = new byte[2048];
        while (!_ended)
        {
            try
            {
                if (_socket.Receive(datagram) == CookieReplySize && datagram[0] == CookieReplyType)
                {
                    Interlocked.Increment(ref _cookies);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Silence for a while, or the end.
            }
        }
    }
}
