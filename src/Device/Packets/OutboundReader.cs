using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Tun;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// What an outbound worker does in its turn to read: takes what the interface has, finds the peer of each packet, and reserves
/// counters. All that depends on the order of packets happens here; what costs time, later.
/// </summary>
internal sealed class OutboundReader(WireGuardDevice device, ITunDevice tun, IcmpResponder icmp, Turn turn, OutboundBatch batch)
{
    // The run that is open: the packets from _first on go to this peer.
    private Peer? _peer;
    private Endpoint? _endpoint;
    private int _first;
    private int _segments;

    // Of the packet before, if it is in that run. One more to the same address has the same peer.
    private UInt128 _destination;
    private bool _isToIPv4;

    /// <summary>
    /// Waits for packets and reads until nothing is left or the batch is full, so that small packets leave together. The batch
    /// stays empty when the worker is to end. False when the interface is gone.
    /// </summary>
    /// <param name="now">When the first packet was read.</param>
    public bool Read(out long now)
    {
        now = 0;
        int reads = 0;
        do
        {
            if (reads == 0)
            {
                // After each wait, which may have lasted for hours: the MTU of now.
                batch.Begin(device.Mtu);
            }

            int length = tun.Read(batch.Memory, batch.ReadOffset);
            if (length > 0)
            {
                now = reads++ == 0 ? Clock.BootTime : now;
                Take(length, now);
            }
            else if (length < 0 || (reads == 0 && !tun.WaitReadable()))
            {
                EndRun(now);
                return false;
            }
            else if (reads > 0 || turn.IsStopping)
            {
                break;
            }
        }
        while (reads < OutboundBatch.MaxReads && !batch.IsFull);

        EndRun(now);
        return true;
    }

    private void Take(int length, long now)
    {
        var segmenter = default(Segmenter);
        if (!segmenter.Begin(batch.Memory.Slice(batch.ReadOffset, length)) || !IpPacket.TryParse(segmenter.Packet, out IpPacket header))
        {
            device.Drops.Add(InsideDrop.MalformedInside);
            return;
        }

        Peer? peer = FindPeer(header, now);
        if (peer is null)
        {
            device.Drops.Add(InsideDrop.NoRoute, segmenter.SegmentCount);
            icmp.Answer(header, IcmpErrorKind.NoRoute);
            return;
        }

        if (peer != _peer)
        {
            EndRun(now);
            BeginRun(peer);
        }

        if (_endpoint is null)
        {
            peer.Drops.Add(InsideDrop.NoEndpoint, segmenter.SegmentCount);
            icmp.Answer(header, IcmpErrorKind.AddressUnreachable);
            return;
        }

        if (RoutingLoop.IsOwnDatagram(header, _endpoint, device.ListenPort))
        {
            peer.Drops.Add(InsideDrop.RoutingLoop, segmenter.SegmentCount);
            return;
        }

        _segments += segmenter.SegmentCount;
        batch.Keep(segmenter.Packet.Length, segmenter.SegmentCount, header.Ecn);
    }

    private Peer? FindPeer(in IpPacket header, long now)
    {
        UInt128 destination = header.IsIPv4 ? header.IPv4Destination : header.IPv6Destination;
        if (_peer is not null && destination == _destination && header.IsIPv4 == _isToIPv4)
        {
            return _peer;
        }

        Peer? peer = device.FindByDestination(header, now);
        if (peer is not null)
        {
            _destination = destination;
            _isToIPv4 = header.IsIPv4;
        }

        return peer;
    }

    private void BeginRun(Peer peer)
    {
        _peer = peer;
        _endpoint = peer.Endpoint;
        _first = batch.Count;
        _segments = 0;
    }

    private void EndRun(long now)
    {
        if (_peer is { } peer && batch.Count > _first)
        {
            Keypair? keypair = peer.Session.SendingKeypair(now);
            if (keypair is not null && !peer.Staged.IsEmpty)
            {
                // Just after a handshake: what waited for it goes first.
                device.SendStaged(peer, now);
            }

            if (keypair is not null && peer.Staged.IsEmpty && keypair.TryReserve(_segments, out ulong counter))
            {
                batch.EndRun(_first, peer, _endpoint!, keypair, counter);
            }
            else
            {
                Stage(peer, now);
            }
        }

        _peer = null;
    }

    // No usable keypair: the packets wait, and a handshake is asked for.
    private void Stage(Peer peer, long now)
    {
        foreach (ref readonly OutboundPacket packet in batch.PacketsFrom(_first))
        {
            var segmenter = default(Segmenter);
            segmenter.Begin(batch.HeaderAndPacket(packet));
            while (segmenter.NextLength is int length and not 0)
            {
                // A lone packet is completed where it lies.
                Span<byte> place = packet.Segments == 1 ? batch.Memory.Slice(packet.Offset, length) : batch.ReserveSegment(length);
                segmenter.TryNext(place, out _);
                int dropped = peer.Staged.Add(place, packet.Ecn);
                if (dropped > 0)
                {
                    peer.Drops.Add(InsideDrop.StagedOverflow, dropped);
                }
            }
        }

        batch.Forget(_first);
        device.SendStaged(peer, now);
    }
}
