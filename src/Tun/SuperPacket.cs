using System.Buffers.Binary;
using System.Runtime.InteropServices;
using WgNet.Linux;

namespace WgNet.Tun;

/// <summary>
/// A packet that waits to be written, and perhaps grows: its first part is a whole packet, each further one a payload that follows it.
/// What is merged comes out again byte for byte when the host cuts it apart. Its bytes lie in the <see cref="Coalescer"/>'s memory.
/// </summary>
internal struct SuperPacket
{
    /// <summary>Parts of one super-packet, its first included: what is passed to writev at most.</summary>
    public const int MaxParts = 128;

    // UDP_GRO_CNT_MAX.
    private const int MaxUdpParts = 64;

    private readonly PacketHeaders _headers;
    private readonly int _segmentSize;
    private readonly int _firstLength;
    private uint _nextSequence;
    private int _length;
    private bool _isVerified;

    /// <summary>A packet that nothing may follow.</summary>
    public SuperPacket(int offset, int length, int part)
    {
        IsClosed = true;
        Offset = offset;
        _firstLength = _length = length;
        FirstPart = LastPart = part;
        Parts = 1;
    }

    /// <summary>A packet that others may follow.</summary>
    public SuperPacket(int offset, ReadOnlySpan<byte> packet, int part, in PacketHeaders headers)
        : this(offset, packet.Length, part)
    {
        IsClosed = false;
        _headers = headers;
        _segmentSize = packet.Length - headers.Payload;
        _nextSequence = headers.IsTcp ? MergeRules.Sequence(packet, headers) + (uint)_segmentSize : 0;
    }

    /// <summary>Where the first packet begins.</summary>
    public int Offset { get; }

    /// <summary>Where the chain of parts begins and ends.</summary>
    public int FirstPart { get; }

    public int LastPart { get; set; }

    public int Parts { get; private set; }

    /// <summary>Nothing may follow any more.</summary>
    public bool IsClosed { get; set; }

    /// <summary>
    /// Takes a packet if it is what has to come next: its last <paramref name="payload"/> bytes then are a part. False: nothing changed.
    /// </summary>
    public bool TryAppend(ReadOnlySpan<byte> packet, NativeBuffer memory, out int payload)
    {
        payload = packet.Length - _headers.Payload;
        if (IsClosed || payload <= 0 || payload > _segmentSize || _length + payload > ushort.MaxValue)
        {
            return false;
        }

        Span<byte> first = First(memory);
        if (!MergeRules.MayFollow(packet, first, _headers)
            || (_headers.IsTcp && MergeRules.Sequence(packet, _headers) != _nextSequence)
            || (!_headers.IsIPv6 && !MergeRules.IsIdentification(packet, first, Parts)))
        {
            return false;
        }

        // Last, since it reads every byte. The first packet's turn comes only now, so that a lone packet costs nothing.
        _isVerified = _isVerified || MergeRules.IsIntact(first, _headers);
        if (!_isVerified || !MergeRules.IsIntact(packet, _headers))
        {
            return false;
        }

        Parts++;
        _length += payload;
        _nextSequence += (uint)payload;
        IsClosed = payload < _segmentSize || Parts == (_headers.IsTcp ? MaxParts : MaxUdpParts);
        if (MergeRules.EndsRun(packet, _headers))
        {
            MergeRules.EndRun(first, packet, _headers);
            IsClosed = true;
        }

        return true;
    }

    /// <summary>Writes the virtio header before the first packet, whose headers become those of the super-packet. A lone one stays as it came.</summary>
    public readonly void Complete(NativeBuffer memory)
    {
        Span<byte> first = First(memory);
        VirtioNetHeader header = Parts == 1 ? default : Merge(first);
        header.Write(memory.Slice(Offset - VirtioNetHeader.Size, VirtioNetHeader.Size));
    }

    private readonly VirtioNetHeader Merge(Span<byte> first)
    {
        int transportLength = _length - _headers.Transport;
        if (_headers.IsIPv6)
        {
            BinaryPrimitives.WriteUInt16BigEndian(first[4..], (ushort)(_length - PacketHeaders.IPv6Size));
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(first[2..], (ushort)_length);
            first[10..12].Clear();
            Checksum.Write(first[10..12], Checksum.Sum(first[.._headers.Transport]));
        }

        if (!_headers.IsTcp)
        {
            BinaryPrimitives.WriteUInt16BigEndian(first[(_headers.Transport + 4)..], (ushort)transportLength);
        }

        // NEEDS_CSUM: the field holds the pseudo-header's sum, not complemented.
        ushort pseudo = Checksum.Fold(_headers.PseudoHeader(first, transportLength));
        MemoryMarshal.Write(first[_headers.ChecksumField..], in pseudo);
        return new VirtioNetHeader
        {
            Flags = VirtioNetHeader.NeedsChecksum,
            GsoType = !_headers.IsTcp ? VirtioNetHeader.GsoUdpL4
                : _headers.IsIPv6 ? VirtioNetHeader.GsoTcpV6 : VirtioNetHeader.GsoTcpV4,
            HeaderLength = (ushort)_headers.Payload,
            GsoSize = (ushort)_segmentSize,
            ChecksumStart = (ushort)_headers.Transport,
            ChecksumOffset = (ushort)(_headers.ChecksumField - _headers.Transport),
        };
    }

    private readonly Span<byte> First(NativeBuffer memory) => memory.Slice(Offset, _firstLength);
}
