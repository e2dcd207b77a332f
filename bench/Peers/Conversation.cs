using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using WgNet.Protocol;
using WgNet.Udp;

namespace WgNet.Peers;

/// <summary>
/// The established peer's traffic: numbered packets through the tunnel to the gateway's inside address, and their echo back,
/// about a thousand a second until it is disposed. What did not come back is lost.
/// </summary>
internal sealed class Conversation : IDisposable
{
    private const int EchoPort = 7;
    private const int HeaderSize = 20 + 8;
    private const int PacketSize = HeaderSize + sizeof(int);
    private const int PaddedSize = 32;

    private static readonly TimeSpan Stragglers = TimeSpan.FromSeconds(1);

    private readonly UdpSockets _sockets;
    private readonly Initiator _talker;
    private readonly byte[] _packet = new byte[PaddedSize];
    private readonly HashSet<int> _outstanding = [];
    private readonly Thread _sender;
    private readonly Thread _receiver;
    private readonly Socket _echo;
    private readonly Thread _echoer;
    private volatile bool _sending = true;
    private volatile bool _stopping;

    /// <param name="sockets">Of the talker's own; ended here.</param>
    /// <param name="talker">Its handshake is complete.</param>
    /// <param name="gateway">The host in which the inside address is.</param>
    public Conversation(UdpSockets sockets, Initiator talker, Host gateway, IPAddress inside)
    {
        _sockets = sockets;
        _talker = talker;
        WriteHeaders(talker.Inside, inside);
        _echo = gateway.Namespace.Enter(() =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4 << 20 };
            socket.Bind(new IPEndPoint(inside, EchoPort));
            return socket;
        });
        _echoer = Start(Echo);
        _receiver = Start(Receive);
        _sender = Start(Send);
    }

    public int Sent { get; private set; }

    /// <summary>Ends it; how many packets did not come back.</summary>
    public int CountLost()
    {
        _sending = false;
        _sender.Join();
        long end = Environment.TickCount64 + (long)Stragglers.TotalMilliseconds;
        while (Outstanding > 0 && Environment.TickCount64 < end)
        {
            Thread.Sleep(10);
        }

        return Outstanding;
    }

    public void Dispose()
    {
        _sending = false;
        _sender.Join();
        _stopping = true;
        _sockets.Wake();
        _receiver.Join();
        _sockets.Dispose();
        _echo.Dispose();
        _echoer.Join();
    }

    private int Outstanding
    {
        get
        {
            lock (_outstanding)
            {
                return _outstanding.Count;
            }
        }
    }

    private static Thread Start(ThreadStart body)
    {
        var thread = new Thread(body) { IsBackground = true };
        thread.Start();
        return thread;
    }

    private void Send()
    {
        byte[] datagram = new byte[PaddedSize + Keypair.Overhead];
        while (_sending)
        {
            lock (_outstanding)
            {
                _outstanding.Add(++Sent);
            }

            _packet.CopyTo(datagram, Keypair.HeaderSize);
            BinaryPrimitives.WriteInt32BigEndian(datagram.AsSpan(Keypair.HeaderSize + HeaderSize), Sent);
            _talker.Seal(datagram);
            _sockets.Send(_talker.Gateway, datagram, ecn: 0);
            Thread.Sleep(1);
        }
    }

    private void Receive()
    {
        using var batch = new ReceiveBatch();
        while (!_stopping)
        {
            int count = _sockets.Receive(batch);
            for (int i = 0; i < count; i++)
            {
                ReceivedMessage message = batch[i];
                for (int offset = 0; offset < message.Length; offset += message.SegmentSize)
                {
                    Span<byte> datagram = batch.Buffer.Slice(message.Offset + offset, Math.Min(message.SegmentSize, message.Length - offset));
                    if (_talker.TryOpen(datagram, out int length) && length >= PacketSize)
                    {
                        CameBack(BinaryPrimitives.ReadInt32BigEndian(datagram[(Keypair.HeaderSize + HeaderSize)..]));
                    }
                }
            }
        }
    }

    private void CameBack(int number)
    {
        lock (_outstanding)
        {
            _outstanding.Remove(number);
        }
    }

    private void Echo()
    {
        byte[] buffer = new byte[2048];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        try
        {
            while (true)
            {
                int count = _echo.ReceiveFrom(buffer, ref from);
                _echo.SendTo(buffer.AsSpan(0, count), from);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed: the conversation is over.
        }
    }

    // IPv4 and UDP; a UDP checksum of zero means that there is none.
    private void WriteHeaders(IPAddress source, IPAddress destination)
    {
        Span<byte> ip = _packet;
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], PacketSize);
        ip[8] = 64;
        ip[9] = 17;
        source.TryWriteBytes(ip[12..], out _);
        destination.TryWriteBytes(ip[16..], out _);
        uint sum = 0;
        for (int i = 0; i < 20; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(ip[i..]);
        }

        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], (ushort)~(sum + (sum >> 16)));
        Span<byte> udp = ip[20..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, 4000);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], EchoPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], 8 + sizeof(int));
    }
}
