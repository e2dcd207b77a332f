using System.Net;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Udp;
using WgNet.Unit.Device;
using WgNet.Unit.Protocol;

namespace WgNet.Unit.Mutation;

/// <summary>A configured peer that knows the protocol and does not keep to it: it seals and sends whatever a test gives it.</summary>
internal sealed class HostilePeer : IDisposable
{
    // The protocol lets a peer initiate every five seconds; its own clock is free to make that now.
    private const long BetweenInitiations = 6_000_000_000;
    private const int MostInitiations = 10;
    private const long RenewAfter = 60_000_000_000;

    private readonly UdpSockets _sockets = UdpSockets.Open(0, 0);
    private readonly SendBatch _batch = new();
    private readonly ReceiveBatch _received = new();
    private readonly Side _side = new(new SeededPrimitives(9), 0xc3);
    private readonly Endpoint _target;
    private readonly byte[] _mac1Key = new byte[32];
    private long _now;
    private long _connectedAt;

    public HostilePeer(TunnelPair.End target)
    {
        _side.Know(target.PublicKey, owner: null);
        _target = new Endpoint(IPAddress.Loopback, target.Device.Snapshot().ListenPort);
        MessageMacs.DeriveMac1Key(target.PublicKey, _mac1Key);
    }

    public PublicKey PublicKey => _side.Table.PublicKey;

    public Endpoint Endpoint => new(IPAddress.Loopback, _sockets.Port);

    /// <summary>The last initiation that was answered.</summary>
    public byte[] Initiation { get; private set; } = [];

    /// <summary>Datagrams sent so far that had at least a byte.</summary>
    public long Sent { get; private set; }

    /// <summary>Those of them that neither bring a packet nor are dropped: initiations that were answered, and keepalives.</summary>
    public long Consumed { get; private set; }

    /// <summary>Makes a session, or a new one when the present one grows old.</summary>
    public void Connect()
    {
        if (_connectedAt != 0 && Clock.BootTime - _connectedAt < RenewAfter)
        {
            return;
        }

        using var giveUp = new Timer(_ => _sockets.Wake(), null, 3000, 3000);
        for (int i = 0; i < MostInitiations; i++)
        {
            _now += BetweenInitiations;
            Initiation = _side.Initiate(_now) ?? throw new InvalidOperationException("too soon to initiate");
            Queue(Initiation);
            Flush();
            if (TakeResponse())
            {
                Consumed++;
                _connectedAt = Clock.BootTime;
                QueueSealed([]);
                Flush();
                return;
            }
        }

        throw new TimeoutException("no handshake was answered");
    }

    /// <summary>With a mac1 that is right, where there is one: so that the message is looked at more closely.</summary>
    public void FixMac1(Span<byte> message)
    {
        if (MessageType.IsHandshake(message) && MessageType.Read(message) != MessageType.CookieReply)
        {
            MessageMacs.ComputeMac1(_mac1Key, message, message[^32..^16]);
        }
    }

    public byte[] Seal(ReadOnlySpan<byte> packet) => _side.Send(packet, _now) ?? throw new InvalidOperationException("no keypair");

    public void QueueSealed(ReadOnlySpan<byte> packet, byte ecn = 0)
    {
        Consumed += packet.IsEmpty ? 1 : 0;
        Queue(Seal(packet), ecn);
    }

    /// <summary>Equal ones that follow each other leave as one, and arrive as one message with a segment size.</summary>
    public void Queue(ReadOnlySpan<byte> datagram, byte ecn = 0)
    {
        datagram.CopyTo(_batch.Reserve(datagram.Length));
        _batch.Append(_target, datagram.Length, ecn);
        Sent += datagram.IsEmpty ? 0 : 1;
    }

    public void Flush()
    {
        if (_sockets.Send(_batch) != 0)
        {
            throw new InvalidOperationException("the kernel refused a datagram");
        }
    }

    public void Dispose()
    {
        _sockets.Dispose();
        _batch.Dispose();
        _received.Dispose();
        _side.Table.Dispose();
    }

    // False when none came, or a cookie did, with which to try again.
    private bool TakeResponse()
    {
        while (_sockets.Receive(_received) is int count and > 0)
        {
            for (int i = 0; i < count; i++)
            {
                ReceivedMessage message = _received[i];
                for (int offset = 0; offset < message.Length; offset += message.SegmentSize)
                {
                    int length = Math.Min(message.SegmentSize, message.Length - offset);
                    HandshakeEvent what = _side.Consume(_received.Buffer.Slice(message.Offset + offset, length), _now).Event;
                    if (what is HandshakeEvent.ResponseConsumed or HandshakeEvent.CookieReplyConsumed)
                    {
                        return what == HandshakeEvent.ResponseConsumed;
                    }
                }
            }
        }

        return false;
    }
}
