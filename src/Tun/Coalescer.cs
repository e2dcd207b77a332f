using WgNet.Linux;

namespace WgNet.Tun;

/// <summary>
/// What the kernel's GRO does for a network card: packets of one receive batch that follow each other in their flow become one
/// super-packet and cost the host one pass through its stack. Nothing is copied: the pieces lie in the receive buffers until
/// <see cref="Flush"/>. Packets of a flow keep their order; flows overtake each other. One thread at a time.
/// </summary>
public sealed class Coalescer
{
    // As many flows as a batch can sensibly interleave; one more writes the longest held one out.
    private const int Flows = 8;

    private readonly ITunDevice _tun;
    private readonly PacketPieces _single = new();
    private readonly bool _udp;

    // The first _held of them are in use, in order of age; the rest wait to be used again.
    private readonly HeldPacket[] _flows = new HeldPacket[Flows];
    private int _held;
    private int _refused;

    public Coalescer(ITunDevice tun)
    {
        _tun = tun;
        _udp = tun.HasUdpOffload;
        Enabled = tun.HasOffload;
        for (int i = 0; i < Flows; i++)
        {
            _flows[i] = new HeldPacket();
        }
    }

    /// <summary>False: one write a packet. Begins as what the device can do; change it only after <see cref="Flush"/>.</summary>
    public bool Enabled { get; set; }

    /// <summary>Takes one whole IP packet, without what was padded to it. It must lie there unchanged until <see cref="Flush"/>.</summary>
    public void Add(NativeBuffer buffer, int offset, int length)
    {
        Span<byte> packet = buffer.Slice(offset, length);
        if (!Enabled || !PacketHeaders.TryParse(packet, out PacketHeaders headers))
        {
            WriteAlone(buffer, offset, length);
            return;
        }

        int flow = Find(packet, headers);
        bool mayMerge = HeldPacket.MayMerge(packet, headers) && (headers.IsTcp || _udp);
        if (flow >= 0)
        {
            if (mayMerge && _flows[flow].TryAppend(buffer, offset, packet, headers))
            {
                return;
            }

            Write(flow);
        }

        if (!mayMerge)
        {
            WriteAlone(buffer, offset, length);
            return;
        }

        if (_held == Flows)
        {
            Write(0);
        }

        _flows[_held++].Begin(buffer, offset, packet, headers);
    }

    /// <summary>Writes everything that is held. Returns how many packets the kernel refused since the last call.</summary>
    public int Flush()
    {
        for (int i = 0; i < _held; i++)
        {
            WriteHeld(_flows[i]);
        }

        _held = 0;
        int refused = _refused;
        _refused = 0;
        return refused;
    }

    private int Find(ReadOnlySpan<byte> packet, in PacketHeaders headers)
    {
        for (int i = 0; i < _held; i++)
        {
            if (_flows[i].IsFlowOf(packet, headers))
            {
                return i;
            }
        }

        return -1;
    }

    private void Write(int flow)
    {
        HeldPacket packet = _flows[flow];
        WriteHeld(packet);
        _held--;
        for (int i = flow; i < _held; i++)
        {
            _flows[i] = _flows[i + 1];
        }

        _flows[_held] = packet;
    }

    private void WriteHeld(HeldPacket packet)
    {
        VirtioNetHeader header = packet.Complete();
        if (!_tun.Write(header, packet.Pieces))
        {
            _refused += packet.Pieces.Count;
        }
    }

    private void WriteAlone(NativeBuffer buffer, int offset, int length)
    {
        _single.Clear();
        _single.Add(buffer, offset, length);
        if (!_tun.Write(default, _single))
        {
            _refused++;
        }
    }
}
