using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Tun;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// What one turn of reading took from the interface, where it goes, and the memory in which it becomes datagrams:
/// <code>
///  | room for a header | packet | room for padding and tag | room for … |        | segments of super-packets, one after the other … |
///                                                                       ^ next read
/// </code>
/// A packet is sealed where it was read: the interface's header lies in a part of the room for WireGuard's, and is done with
/// before that is written. Only super-packets are copied, while they are cut.
/// </summary>
internal sealed class OutboundBatch : IDisposable
{
    /// <summary>Most reads for one batch: as many datagrams as the kernel takes joined.</summary>
    public const int MaxReads = SendBatch.MaxSegments;

    // Bytes that are a good batch: two super-packets. A datagram for the kernel to split holds a little less than one, so that
    // what one leaves over is better sent with the next; of more, the last would wait longer and gain nothing.
    private const int EnoughBytes = 100 << 10;

    private const int MuchBytes = 48 << 10;

    // A last packet of 64 KiB may begin just below that. Behind it lie the segments: of that packet, and of others before it.
    private const int SegmentsAt = 192 << 10;
    private const int Size = 384 << 10;

    private readonly OutboundPacket[] _packets = new OutboundPacket[MaxReads];
    private readonly OutboundRun[] _runs = new OutboundRun[MaxReads];
    private int _runCount;
    private int _readCount;
    private int _nextPacket;
    private int _nextSegment;

    /// <summary>The datagrams that are ready. Its memory is the batch's, and divided here.</summary>
    public SendBatch Datagrams { get; } = new(Size);

    public NativeBuffer Memory => Datagrams.Buffer;

    /// <summary>Packets that go somewhere.</summary>
    public int Count { get; private set; }

    /// <summary>The interface's MTU while this batch is made.</summary>
    public int Mtu { get; private set; }

    /// <summary>As many packets, or bytes, as are worth sending at once, and another worker's waking up for what comes after them.</summary>
    public bool IsFull => _readCount == MaxReads || HasEnoughBytes;

    /// <summary>Full of super-packets, or of long ones.</summary>
    public bool HasEnoughBytes => _nextPacket >= EnoughBytes;

    /// <summary>About a super-packet, which is what a stream brings at once where the worker keeps up with it.</summary>
    public bool IsMuch => _nextPacket >= MuchBytes;

    /// <summary>Where the next packet is to be read to, its header in front.</summary>
    public int ReadOffset => _nextPacket + Keypair.HeaderSize - VirtioNetHeader.Size;

    /// <summary>All packets that were kept, before it is known where they go.</summary>
    public ReadOnlySpan<OutboundPacket> Packets => _packets.AsSpan(0, _readCount);

    public ReadOnlySpan<OutboundRun> Runs => _runs.AsSpan(0, _runCount);

    public ReadOnlySpan<OutboundPacket> PacketsOf(in OutboundRun run) => _packets.AsSpan(run.First, run.Count);

    public ReadOnlySpan<OutboundPacket> PacketsFrom(int first) => _packets.AsSpan(first, Count - first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(int mtu)
    {
        Mtu = mtu;
        Count = _readCount = _runCount = _nextPacket = 0;
        _nextSegment = SegmentsAt;
    }

    /// <summary>Keeps what was read to <see cref="ReadOffset"/>.</summary>
    /// <param name="length">Of the packet alone.</param>
    /// <param name="segments">How many packets it is to become.</param>
    public void Keep(int length, int segments, byte ecn)
    {
        _packets[_readCount++] = new OutboundPacket(_nextPacket + Keypair.HeaderSize, length, segments, ecn);
        _nextPacket += Keypair.Overhead + Padding.PaddedLength(length, Mtu);
    }

    /// <summary>
    /// The packet goes somewhere: it takes the place of one before it that does not, or its own. So <see cref="Packets"/> are to be
    /// gone through once.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Route(in OutboundPacket packet) => _packets[Count++] = packet;

    /// <summary>The packets from <paramref name="first"/> on go this way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndRun(int first, Peer peer, Endpoint endpoint, Keypair keypair, ulong counter) =>
        _runs[_runCount++] = new OutboundRun(peer, endpoint, keypair, counter, first, Count - first);

    /// <summary>What was read, but its header.</summary>
    public ReadOnlySpan<byte> PacketOf(scoped in OutboundPacket packet) => Memory.Slice(packet.Offset, packet.Length);

    /// <summary>What was read, as <see cref="Segmenter"/> takes it.</summary>
    public Span<byte> HeaderAndPacket(scoped in OutboundPacket packet) =>
        Memory.Slice(packet.Offset - VirtioNetHeader.Size, VirtioNetHeader.Size + packet.Length);

    /// <summary>Whether there is room for one more segment's datagram; if not, send and release the ones before.</summary>
    public bool HasRoomForSegment(int length) => length <= Size - _nextSegment;

    /// <summary>The place of the next segment's datagram, its own only once it is kept.</summary>
    public Span<byte> ReserveSegment(int length) => Memory.Slice(_nextSegment, length);

    /// <summary>Keeps what was reserved; returns the datagram's offset.</summary>
    public int KeepSegment(int length)
    {
        int offset = _nextSegment;
        _nextSegment += length;
        return offset;
    }

    /// <summary>All segments so far are sent: their memory is free again.</summary>
    public void ReleaseSegments() => _nextSegment = SegmentsAt;

    public void Dispose() => Datagrams.Dispose();
}

/// <summary>A packet or super-packet in the memory of a batch.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct OutboundPacket(int Offset, int Length, int Segments, byte Ecn);

/// <summary>Packets that follow each other to one peer, under one keypair, with counters reserved from <paramref name="Counter"/> on.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct OutboundRun(Peer Peer, Endpoint Endpoint, Keypair Keypair, ulong Counter, int First, int Count);
