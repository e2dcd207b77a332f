using WgNet.Linux;

namespace WgNet.Tun;

/// <summary>
/// What the kernel's GRO does for a network card: packets of one receive batch that follow each other in their flow become one
/// super-packet and cost the host one pass through its stack. Nothing is copied: the parts lie where they were received until
/// <see cref="Flush"/>, and nothing is written before. Packets of a flow keep their order; flows overtake each other.
/// One thread at a time, each worker with its own.
/// </summary>
public sealed class Coalescer
{
    // As many flows as a batch can sensibly interleave. Of one more, the flow that began first gets no further packets.
    private const int Flows = 8;

    private readonly ITunDevice _tun;
    private readonly NativeBuffer _memory;
    private readonly IoVectors _vectors = new(SuperPacket.MaxParts);
    private readonly bool _udp;

    // What is to be written, in the order in which it began. Grow to what the largest batch needs, and stay.
    private SuperPacket[] _packets = new SuperPacket[64];
    private int _packetCount;

    // The parts of all of them, each chained to the next of its super-packet.
    private (int Offset, int Length, int Next)[] _parts = new (int, int, int)[256];
    private int _partCount;

    // The super-packets that may still grow, at most one a flow, the latest last.
    private readonly int[] _open = new int[Flows];
    private int _openCount;

    /// <param name="tun">Where the packets go.</param>
    /// <param name="memory">Where they lie: each with <see cref="VirtioNetHeader.Size"/> bytes before it that may be written over.</param>
    public Coalescer(ITunDevice tun, NativeBuffer memory)
    {
        _tun = tun;
        _memory = memory;
        _udp = tun.HasUdpOffload;
        Enabled = tun.HasOffload;
    }

    /// <summary>False: one write a packet. Begins as what the device can do.</summary>
    public bool Enabled { get; set; }

    /// <summary>Takes one whole IP packet, without what was padded to it. It and the bytes before it belong to this until <see cref="Flush"/>.</summary>
    public void Add(int offset, int length)
    {
        Span<byte> packet = _memory.Slice(offset, length);
        if (!Enabled || !PacketHeaders.TryParse(packet, out PacketHeaders headers))
        {
            AddPacket(new SuperPacket(offset, length, AddPart(offset, length)));
            return;
        }

        bool mayMerge = (headers.IsTcp || _udp) && MergeRules.MayMerge(packet, headers);
        int flow = Find(packet, headers);
        if (flow >= 0)
        {
            ref SuperPacket open = ref _packets[_open[flow]];
            if (mayMerge && open.TryAppend(packet, headers, _memory))
            {
                int part = AddPart(offset + headers.Payload, length - headers.Payload);
                _parts[open.LastPart].Next = part;
                open.LastPart = part;
                if (open.IsClosed)
                {
                    Close(flow);
                }

                return;
            }

            Close(flow);
        }

        AddPacket(new SuperPacket(offset, packet, AddPart(offset, length), headers));
        if (mayMerge && MergeRules.MayBegin(packet, headers))
        {
            Open(_packetCount - 1);
        }
    }

    /// <summary>Writes everything in order. Returns how many packets the kernel refused.</summary>
    public int Flush()
    {
        int refused = 0;
        foreach (ref readonly SuperPacket packet in _packets.AsSpan(0, _packetCount))
        {
            packet.Complete(_memory);
            _vectors.Clear();
            (int offset, int length, int next) = _parts[packet.FirstPart];
            _vectors.Add(_memory, offset - VirtioNetHeader.Size, length + VirtioNetHeader.Size);
            for (int i = 1; i < packet.Parts; i++)
            {
                (offset, length, next) = _parts[next];
                _vectors.Add(_memory, offset, length);
            }

            refused += _tun.Write(_vectors) ? 0 : packet.Parts;
        }

        (_packetCount, _partCount, _openCount) = (0, 0, 0);
        return refused;
    }

    private void AddPacket(in SuperPacket packet)
    {
        if (_packetCount == _packets.Length)
        {
            Array.Resize(ref _packets, 2 * _packetCount);
        }

        _packets[_packetCount++] = packet;
    }

    private int AddPart(int offset, int length)
    {
        if (_partCount == _parts.Length)
        {
            Array.Resize(ref _parts, 2 * _partCount);
        }

        _parts[_partCount] = (offset, length, 0);
        return _partCount++;
    }

    // The latest flow first: with one bulk flow in the batch it is the right one.
    private int Find(ReadOnlySpan<byte> packet, in PacketHeaders headers)
    {
        int flow = _openCount - 1;
        while (flow >= 0 && !_packets[_open[flow]].IsFlowOf(packet, headers, _memory))
        {
            flow--;
        }

        return flow;
    }

    private void Open(int packet)
    {
        if (_openCount == Flows)
        {
            Close(0);
        }

        _open[_openCount++] = packet;
    }

    private void Close(int flow)
    {
        _openCount--;
        _open.AsSpan(flow + 1, _openCount - flow).CopyTo(_open.AsSpan(flow));
    }
}
