using WgNet.Learning;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Tun;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// UDP → TUN, run to completion: takes a batch of datagrams, opens each in place, checks whose address it carries, and writes
/// the packets to the interface, joined where they belong together. Owns its buffers; allocates nothing in steady state.
/// </summary>
internal sealed class InboundWorker : IWorker
{
    private const byte CongestionExperienced = 3;

    private readonly WireGuardDevice _device;
    private readonly SessionTable _sessions;
    private readonly HandshakeQueue _handshakes;
    private readonly IUdpSockets _sockets;
    private readonly Turn _turn;
    private readonly Coalescer _coalescer;
    private readonly ReceiveBatch _batch = new();

    public InboundWorker(WireGuardDevice device, SessionTable sessions, HandshakeQueue handshakes, ITunDevice tun, bool coalesce, IUdpSockets sockets, Turn turn)
    {
        _device = device;
        _sessions = sessions;
        _handshakes = handshakes;
        _coalescer = new Coalescer(tun);
        _coalescer.Enabled &= coalesce;
        _sockets = sockets;
        _turn = turn;
    }

    /// <inheritdoc/>
    public void Run()
    {
        while (!_turn.IsStopping)
        {
            int count = _sockets.Receive(_batch);
            long now = Clock.BootTime;
            for (int i = 0; i < count; i++)
            {
                ProcessMessage(i, now);
            }

            int refused = _coalescer.Flush();
            if (refused > 0)
            {
                _device.Drops.Add(InsideDrop.TunRefused, refused);
            }
        }
    }

    public void Dispose() => _batch.Dispose();

    // One message holds one datagram, or with GRO several of one size and a last one that may be shorter.
    private void ProcessMessage(int index, long now)
    {
        ref readonly ReceivedMessage message = ref _batch[index];
        int end = message.Offset + message.Length;
        for (int offset = message.Offset; offset < end; offset += message.SegmentSize)
        {
            int length = Math.Min(message.SegmentSize, end - offset);
            Span<byte> datagram = _batch.Buffer.Slice(offset, length);
            if (TransportMessage.TryReadIndex(datagram, out uint receiver))
            {
                ProcessData(index, offset, datagram, receiver, message.Ecn, now);
            }
            else if (!MessageType.IsHandshake(datagram))
            {
                _device.Drops.Add(DropReason.Malformed);
            }
            else if (!_handshakes.HasRoom || !_handshakes.TryAdd(datagram, _batch.EndpointOf(index)))
            {
                _device.Drops.Add(DropReason.QueueFull);
            }
        }
    }

    private void ProcessData(int index, int offset, Span<byte> datagram, uint receiver, byte outerEcn, long now)
    {
        Keypair? keypair = _sessions.FindKeypair(receiver);
        if (keypair?.Session.Owner is not Peer peer)
        {
            _device.Drops.Add(DropReason.UnknownIndex);
            return;
        }

        DropReason reason = keypair.TryOpen(datagram, now, out int length);
        if (reason != DropReason.None)
        {
            peer.Drops.Add(reason);
            return;
        }

        peer.CountReceived(datagram.Length);
        if (peer.Endpoint is not { } endpoint || !_batch.ComesFrom(index, endpoint))
        {
            peer.Endpoint = _batch.EndpointOf(index);
        }

        _device.Perform(peer, peer.Session.DataReceived(keypair, isKeepalive: length == 0, now));
        if (length != 0)
        {
            Deliver(peer, offset + Keypair.HeaderSize, datagram.Slice(Keypair.HeaderSize, length), outerEcn, now);
        }
    }

    private void Deliver(Peer peer, int offset, Span<byte> packet, byte outerEcn, long now)
    {
        if (!IpPacket.TryParse(packet, out IpPacket header))
        {
            peer.Drops.Add(InsideDrop.MalformedInside);
            return;
        }

        SourceVerdict verdict = _device.CheckSource(peer, header, now);
        if (verdict is not (SourceVerdict.Accepted or SourceVerdict.Learned))
        {
            peer.Drops.Add(verdict);
            return;
        }

        if (outerEcn == CongestionExperienced)
        {
            IpPacket.SetCongestionExperienced(packet[..header.TotalLength]);
        }

        _coalescer.Add(_batch.Buffer, offset, header.TotalLength);
    }
}
