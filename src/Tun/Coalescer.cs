using System.Runtime.CompilerServices;
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
    // As many flows as a batch can sensibly interleave; one more takes the place of another.
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

    // The latest super-packet of each flow, found by the flow's hash. If two flows share one, they take each other's place.
    private readonly ulong[] _flowHashes = new ulong[Flows];
    private readonly int[] _flowPackets = new int[Flows];
    private int _flowCount;
    private int _nextFlow;

    // The super-packet that was added to last: with one bulk flow in the batch it is the right one.
    private int _latest = -1;

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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int offset, int length)
    {
        ReadOnlySpan<byte> packet = _memory.Slice(offset, length);
        if (_latest >= 0 && TryAppend(_latest, offset, packet))
        {
            return;
        }

        if (Enabled && PacketHeaders.TryParse(packet, out PacketHeaders headers))
        {
            AddToFlow(offset, packet, headers);
        }
        else
        {
            AddPacket(new SuperPacket(offset, length, AddPart(offset, length)));
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

        (_packetCount, _partCount, _flowCount, _nextFlow, _latest) = (0, 0, 0, 0, -1);
        return refused;
    }

    private void AddToFlow(int offset, ReadOnlySpan<byte> packet, in PacketHeaders headers)
    {
        ulong hash = headers.FlowHash(packet);
        int flow = _flowHashes.AsSpan(0, _flowCount).IndexOf(hash);
        if (flow >= 0)
        {
            int open = _flowPackets[flow];
            if (open != _latest && TryAppend(open, offset, packet))
            {
                return;
            }

            // It begins anew, or somebody else of this flow would be overtaken.
            _packets[open].IsClosed = true;
        }

        int part = AddPart(offset, packet.Length);
        if ((!headers.IsTcp && !_udp) || !MergeRules.MayBegin(packet, headers))
        {
            AddPacket(new SuperPacket(offset, packet.Length, part));
            return;
        }

        _latest = AddPacket(new SuperPacket(offset, packet, part, headers));
        _flowPackets[flow >= 0 ? flow : AddFlow(hash)] = _latest;
    }

    private bool TryAppend(int index, int offset, ReadOnlySpan<byte> packet)
    {
        ref SuperPacket super = ref _packets[index];
        if (!super.TryAppend(packet, _memory, out int payload))
        {
            return false;
        }

        int part = AddPart(offset + packet.Length - payload, payload);
        _parts[super.LastPart].Next = part;
        super.LastPart = part;
        _latest = index;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int AddPacket(in SuperPacket packet)
    {
        if (_packetCount == _packets.Length)
        {
            Array.Resize(ref _packets, 2 * _packetCount);
        }

        _packets[_packetCount] = packet;
        return _packetCount++;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int AddPart(int offset, int length)
    {
        if (_partCount == _parts.Length)
        {
            Array.Resize(ref _parts, 2 * _partCount);
        }

        _parts[_partCount] = (offset, length, 0);
        return _partCount++;
    }

    // Whoever had the place has grown as far as it could.
    private int AddFlow(ulong hash)
    {
        int flow = _flowCount < Flows ? _flowCount++ : _nextFlow++ % Flows;
        _flowHashes[flow] = hash;
        return flow;
    }
}
