using System.Runtime.CompilerServices;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Tun;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// What an outbound worker does in its turn to read: takes what the interface has, finds the peers of the packets, and reserves
/// counters. All that depends on the order of packets happens here; what costs time, later.
/// </summary>
internal sealed class OutboundReader(WireGuardDevice device, ITunDevice tun, IcmpResponder icmp, Turn turn, OutboundBatch batch)
{
    // So many small packets in one batch are a burst: as many are likely to come within a rest, and are what is best sealed at once.
    private const int LeastOfBurst = 8;

    // The longest by which a packet leaves later than it could. What was measured: docs/adr/0018-a-burst-is-followed-by-a-rest.md.
    private static readonly TimeSpan RestAfterBurst = TimeSpan.FromMicroseconds(50);

    private readonly Destinations _destinations = new(device);

    // The run that is open: the packets from _first on go to this peer.
    private Peer? _peer;
    private Endpoint? _endpoint;
    private int _first;
    private int _segments;

    /// <summary>
    /// What was read last are many small packets, all that there were, and the thread had not slept for them; of one that must not wait, it
    /// is not known whether it had.
    /// </summary>
    public bool IsBurst { get; private set; }

    /// <summary>
    /// Waits for packets and reads until nothing is left or the batch is full, so that small packets leave together. The batch
    /// stays empty when the worker is to end. False when the interface is gone.
    /// <para>
    /// After a burst of small packets it rests first, as a network card holds its interrupts back: whoever sends is not put aside for
    /// the next one and need not wake this thread, and what gathers meanwhile leaves together. A rest is not a yield: it ends in time
    /// beside busy strangers, too.
    /// </para>
    /// </summary>
    /// <param name="wait">False: the batch stays empty if there is nothing to read, and no rest is taken.</param>
    /// <param name="now">When the first packet was read; 0 if none was.</param>
    public bool Read(bool wait, out long now)
    {
        now = 0;
        int reads = 0;
        bool areSmall = true, hasWaited = false;
        if (IsBurst && wait)
        {
            tun.Rest(RestAfterBurst);
        }

        IsBurst = false;

        do
        {
            if (reads == 0)
            {
                // After each wait, which may have lasted for hours: the MTU of now.
                batch.Begin(device.Mtu);
                _destinations.Begin();
            }

            int length = tun.Read(batch.Memory, batch.ReadOffset);
            if (length > 0)
            {
                now = reads++ == 0 ? Clock.BootTime : now;
                areSmall &= length <= VirtioNetHeader.Size + batch.Mtu;
                Keep(length);
            }
            else if (length < 0 || (reads == 0 && wait && !tun.WaitReadable()))
            {
                Route(now);
                return false;
            }
            else if (reads > 0 || !wait || turn.IsEnding)
            {
                // A full batch, which does not come here, leaves more behind than a rest would bring.
                IsBurst = reads >= LeastOfBurst && areSmall && !hasWaited;
                break;
            }
            else
            {
                hasWaited = true;
            }
        }
        while (reads < OutboundBatch.MaxReads && !batch.IsFull);

        Route(now);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Keep(int length)
    {
        var segmenter = default(Segmenter);
        if (!segmenter.Begin(batch.Memory.Slice(batch.ReadOffset, length)) || !IpPacket.TryParse(segmenter.Packet, out IpPacket header))
        {
            device.Drops.Add(InsideDrop.MalformedInside);
            return;
        }

        batch.Keep(segmenter.Packet.Length, segmenter.SegmentCount, header.Ecn);
        _destinations.Note(header);
    }

    // All that was read.
    private void Route(long now)
    {
        _destinations.Approach();
        foreach (ref readonly OutboundPacket packet in batch.Packets)
        {
            Route(packet, now);
        }

        EndRun(now);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Route(in OutboundPacket packet, long now)
    {
        _ = IpPacket.TryParse(batch.PacketOf(packet), out IpPacket header);
        Peer? peer = _destinations.Find(header, now);
        if (peer is null)
        {
            device.Drops.Add(InsideDrop.NoRoute, packet.Segments);
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
            peer.Drops.Add(InsideDrop.NoEndpoint, packet.Segments);
            icmp.Answer(header, IcmpErrorKind.AddressUnreachable);
            return;
        }

        if (RoutingLoop.IsOwnDatagram(header, _endpoint, device.ListenPort))
        {
            peer.Drops.Add(InsideDrop.RoutingLoop, packet.Segments);
            return;
        }

        _segments += packet.Segments;
        batch.Route(packet);
    }

    private void BeginRun(Peer peer)
    {
        _peer = peer;
        _endpoint = peer.Endpoint;
        _first = batch.Count;
        _segments = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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

        device.SendStaged(peer, now);
    }
}
