using System.Runtime.CompilerServices;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Tun;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// UDP → TUN, run to completion: takes its turn to receive a batch of datagrams, opens each in place, and passes on what was in
/// them. What belongs to a keypair is done once for all datagrams that follow each other under it, what belongs to a sender once
/// for those that the kernel joined. Without load, it watches the interface as well. Owns its buffers; allocates nothing in
/// steady state.
/// </summary>
internal sealed class InboundWorker : IWorker
{
    // A batch that is worth another worker's waking up for what comes after it.
    private const int LargeBytes = 48 << 10;

    private readonly WireGuardDevice _device;
    private readonly SessionTable _sessions;
    private readonly HandshakeQueue _handshakes;
    private readonly IUdpSockets _sockets;
    private readonly Turn _turn;
    private readonly InterfaceWatch _watch;
    private readonly OutboundWorker _outbound;
    private readonly ReceiveBatch _batch = new();
    private readonly InboundDelivery _delivery;

    // Datagrams to one receiver index, each with the message that it is of, laid out but not yet opened.
    private readonly AeadPacket[] _gathered = new AeadPacket[Gathering.MostPackets];
    private readonly int[] _messages = new int[Gathering.MostPackets];
    private readonly DropReason[] _reasons = new DropReason[Gathering.MostPackets];
    private int _count;
    private int _bytes;
    private uint _receiver;

    /// <param name="outbound">For what this worker takes from the interface. It becomes its owner.</param>
    public InboundWorker(
        WireGuardDevice device,
        SessionTable sessions,
        HandshakeQueue handshakes,
        IUdpSockets sockets,
        ITunDevice tun,
        bool coalesce,
        Turn turn,
        InterfaceWatch watch,
        OutboundWorker outbound)
    {
        _device = device;
        _sessions = sessions;
        _handshakes = handshakes;
        _sockets = sockets;
        _turn = turn;
        _watch = watch;
        _outbound = outbound;
        var coalescer = new Coalescer(tun, _batch.Buffer);
        coalescer.Enabled &= coalesce;
        _delivery = new InboundDelivery(device, _batch.Buffer, coalescer);
    }

    /// <inheritdoc/>
    public void Run()
    {
        while (_turn.TryRead())
        {
            PassOn();
        }
    }

    public void Dispose()
    {
        _outbound.Dispose();
        _delivery.Dispose();
        _batch.Dispose();
    }

    // One turn. Never inlined: Run does not return, and .NET puts optimized code in a method's place at its next call only.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PassOn()
    {
        int count = Receive();
        long now = Clock.BootTime;
        bool isMuch = Bytes(count) >= LargeBytes;
        bool isFull = count == _batch.Capacity;
        if (isMuch)
        {
            _watch.CameMuch(isInbound: true, now);
        }
        else if (isFull)
        {
            _watch.CameLoad(now);
        }

        _turn.EndRead(wakeAnother: isMuch || isFull);
        for (int i = 0; i < count; i++)
        {
            GatherMessage(i, now);
        }

        OpenGathered(now);
        _turn.Write();
        _delivery.Flush();
        _turn.End();
    }

    // While this worker watches the interface, its packets are passed on from here, in the turn to receive: nobody else does.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Receive()
    {
        int count;
        while ((count = _sockets.Receive(_batch, _watch.Descriptor)) == IUdpSockets.BesideIsReady)
        {
            _outbound.PassOnForWatcher();
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Bytes(int count)
    {
        int bytes = 0;
        for (int i = 0; i < count; i++)
        {
            bytes += _batch[i].Length;
        }

        return bytes;
    }

    // One message holds one datagram, or with GRO several of one size and a last one that may be shorter.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void GatherMessage(int index, long now)
    {
        ref readonly ReceivedMessage message = ref _batch[index];
        int end = message.Offset + message.Length;
        for (int offset = message.Offset; offset < end; offset += message.SegmentSize)
        {
            int length = Math.Min(message.SegmentSize, end - offset);
            ReadOnlySpan<byte> datagram = _batch.Buffer.Slice(offset, length);
            if (TransportMessage.TryReadIndex(datagram, out uint receiver))
            {
                Gather(index, offset, length, receiver, now);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Gather(int index, int offset, int length, uint receiver, long now)
    {
        if (receiver != _receiver || Gathering.IsFull(_count, _bytes, length))
        {
            OpenGathered(now);
            _receiver = receiver;
        }

        _messages[_count] = index;
        _gathered[_count++] = new AeadPacket { Offset = offset + Keypair.HeaderSize, Length = length - Keypair.Overhead };
        _bytes += length;
    }

    private void OpenGathered(long now)
    {
        Span<AeadPacket> packets = _gathered.AsSpan(0, _count);
        _count = 0;
        _bytes = 0;
        if (packets.IsEmpty)
        {
            return;
        }

        Keypair? keypair = _sessions.FindKeypair(_receiver);
        if (keypair?.Session.Owner is not Peer peer)
        {
            _device.Drops.Add(DropReason.UnknownIndex, packets.Length);
            return;
        }

        keypair.OpenBatch(_batch.Buffer.Span, packets, now, _reasons);
        if (Account(peer, packets, now, out int withContent))
        {
            SessionActions actions = peer.Session.DataReceived(keypair, withContent, now);

            // Not HasFlag, which allocates until the method is optimized.
            if ((actions & SessionActions.SendStaged) != SessionActions.None)
            {
                _device.Events.HandshakeCompleted(peer, isInitiator: false);
            }

            _device.Perform(peer, actions);
            Deliver(peer, packets, now);
        }
    }

    // Counts what was opened and follows the peer to where its last authentic packet came from. False if nothing was authentic.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Account(Peer peer, ReadOnlySpan<AeadPacket> packets, long now, out int withContent)
    {
        int bytes = 0;
        int authentic = 0;
        int message = -1;
        withContent = 0;
        for (int i = 0; i < packets.Length; i++)
        {
            if (_reasons[i] != DropReason.None)
            {
                peer.Drops.Add(_reasons[i]);
                continue;
            }

            bytes += packets[i].Length + Keypair.Overhead;
            authentic++;
            withContent += packets[i].Length > 0 ? 1 : 0;
            if (_messages[i] != message)
            {
                message = _messages[i];
                Follow(peer, message, now);
            }
        }

        if (bytes > 0)
        {
            peer.CountReceived(bytes, authentic);
        }

        return bytes > 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Follow(Peer peer, int message, long now)
    {
        if (!IsFrom(peer, message))
        {
            // In the order of arrival, lest a packet from before a move undo it.
            _turn.Write();
            if (!IsFrom(peer, message))
            {
                _device.Roam(peer, _batch.EndpointOf(message), now);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsFrom(Peer peer, int message) => peer.Endpoint is { } endpoint && _batch.ComesFrom(message, endpoint);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Deliver(Peer peer, ReadOnlySpan<AeadPacket> packets, long now)
    {
        for (int i = 0; i < packets.Length; i++)
        {
            if (_reasons[i] == DropReason.None && packets[i].Length > 0)
            {
                _delivery.Take(peer, packets[i].Offset, packets[i].Length, _batch[_messages[i]].Ecn, now);
            }
        }
    }
}
