using System.Buffers.Binary;
using WgNet.Linux;

namespace WgNet.Tun;

/// <summary>
/// A super-packet in the making. Its first piece is the whole first packet, each further one a payload. What is merged must come out
/// again byte for byte when the host cuts it apart, and its checksums are verified here: behind NEEDS_CSUM nobody looks at them again.
/// </summary>
internal sealed class HeldPacket
{
    private const byte Ack = 0x10, Psh = 0x08;
    private const ushort DontFragment = 0x4000;
    private const int TcpAck = 8, TcpFlags = 13, TcpWindow = 14, TcpUrgent = 18, TcpOptions = 20;

    private NativeBuffer? _buffer;
    private int _offset;
    private PacketHeaders _headers;
    private int _firstLength;
    private int _segmentSize;
    private uint _nextSequence;
    private ushort _nextIdentification;
    private bool _isVerified;
    private bool _isClosed;

    public PacketPieces Pieces { get; } = new();

    // The first packet, where the merged header is written too.
    private Span<byte> First => _buffer!.Slice(_offset, _firstLength);

    /// <summary>A packet that others may follow, judged by itself but for its checksums.</summary>
    public static bool MayMerge(ReadOnlySpan<byte> packet, in PacketHeaders headers)
    {
        int ipLength = headers.IsIPv6
            ? BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) + PacketHeaders.IPv6Size
            : BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        if (headers.HasOptions || ipLength != packet.Length || headers.Payload == packet.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> transport = packet[headers.Transport..];
        return headers.IsTcp
            ? (transport[TcpFlags] & ~Psh) == Ack
            : BinaryPrimitives.ReadUInt16BigEndian(transport[4..]) == transport.Length
                && BinaryPrimitives.ReadUInt16BigEndian(transport[PacketHeaders.UdpChecksum..]) != 0;
    }

    public void Begin(NativeBuffer buffer, int offset, ReadOnlySpan<byte> packet, in PacketHeaders headers)
    {
        _buffer = buffer;
        _offset = offset;
        _headers = headers;
        _firstLength = packet.Length;
        _segmentSize = packet.Length - headers.Payload;
        _isVerified = false;
        _isClosed = headers.IsTcp && (packet[headers.Transport + TcpFlags] & Psh) != 0;
        Pieces.Clear();
        Pieces.Add(buffer, offset, packet.Length);
        Expect(packet);
    }

    public bool IsFlowOf(ReadOnlySpan<byte> packet, in PacketHeaders headers)
    {
        Span<byte> first = First;
        return headers.Protocol == _headers.Protocol
            && headers.IsIPv6 == _headers.IsIPv6
            && packet.Slice(headers.Transport, 4).SequenceEqual(first.Slice(_headers.Transport, 4))
            && headers.Addresses(packet).SequenceEqual(_headers.Addresses(first));
    }

    /// <summary>Takes a packet of the flow that <see cref="MayMerge"/>, if it is what has to come next. False: nothing changed.</summary>
    public bool TryAppend(NativeBuffer buffer, int offset, ReadOnlySpan<byte> packet, in PacketHeaders headers)
    {
        int payload = packet.Length - headers.Payload;
        if (_isClosed
            || headers.Payload != _headers.Payload
            || payload > _segmentSize
            || Pieces.Count == PacketPieces.Capacity - 1
            || Pieces.Length + payload > ushort.MaxValue
            || !IsSameIpHeader(packet)
            || !IsNextInFlow(packet))
        {
            return false;
        }

        // Last, since it reads every byte. The first packet's turn comes only now, so that a lone packet costs nothing.
        _isVerified = _isVerified || IsIntact(First, _headers);
        if (!_isVerified || !IsIntact(packet, headers))
        {
            return false;
        }

        Pieces.Add(buffer, offset + headers.Payload, payload);
        _isClosed = payload < _segmentSize;
        if (headers.IsTcp && (packet[headers.Transport + TcpFlags] & Psh) != 0)
        {
            First[_headers.Transport + TcpFlags] |= Psh;
            _isClosed = true;
        }

        Expect(packet);
        return true;
    }

    /// <summary>Makes the first packet's headers those of the super-packet, and describes it. A lone packet stays as it came.</summary>
    public VirtioNetHeader Complete()
    {
        if (Pieces.Count == 1)
        {
            return default;
        }

        Span<byte> first = First;
        int transportLength = Pieces.Length - _headers.Transport;
        if (_headers.IsIPv6)
        {
            BinaryPrimitives.WriteUInt16BigEndian(first[4..], (ushort)(Pieces.Length - PacketHeaders.IPv6Size));
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(first[2..], (ushort)Pieces.Length);
            first[10..12].Clear();
            Checksum.Write(first[10..12], Checksum.Sum(first[.._headers.Transport]));
        }

        if (!_headers.IsTcp)
        {
            BinaryPrimitives.WriteUInt16BigEndian(first[(_headers.Transport + 4)..], (ushort)transportLength);
        }

        // NEEDS_CSUM: the field holds the pseudo-header's sum, not complemented.
        ushort pseudo = Checksum.Fold(_headers.PseudoHeader(first, transportLength));
        System.Runtime.InteropServices.MemoryMarshal.Write(first[_headers.ChecksumField..], in pseudo);
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

    private static bool IsIntact(ReadOnlySpan<byte> packet, in PacketHeaders headers) =>
        (headers.IsIPv6 || Checksum.IsRight(Checksum.Sum(packet[..headers.Transport])))
        && Checksum.IsRight(headers.PseudoHeader(packet, packet.Length - headers.Transport) + Checksum.Sum(packet[headers.Transport..]));

    private void Expect(ReadOnlySpan<byte> packet)
    {
        if (_headers.IsTcp)
        {
            uint sequence = BinaryPrimitives.ReadUInt32BigEndian(packet[(_headers.Transport + 4)..]);
            _nextSequence = sequence + (uint)(packet.Length - _headers.Payload);
        }

        if (!_headers.IsIPv6)
        {
            _nextIdentification = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) + 1);
        }
    }

    private bool IsSameIpHeader(ReadOnlySpan<byte> packet)
    {
        ReadOnlySpan<byte> first = First;
        if (_headers.IsIPv6)
        {
            // Version, traffic class with ECN, flow label; hop limit.
            return packet[..4].SequenceEqual(first[..4]) && packet[7] == first[7];
        }

        // TOS with ECN, flags, TTL. An atomic packet's identification means nothing and may be any (RFC 6864 section 4.1):
        // several systems send 0 or random numbers there, and to insist on a sequence would leave their traffic slow.
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(packet[6..]);
        return packet[1] == first[1]
            && packet[8] == first[8]
            && flags == BinaryPrimitives.ReadUInt16BigEndian(first[6..])
            && ((flags & DontFragment) != 0 || BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) == _nextIdentification);
    }

    private bool IsNextInFlow(ReadOnlySpan<byte> packet)
    {
        if (!_headers.IsTcp)
        {
            return true;
        }

        ReadOnlySpan<byte> next = packet[_headers.Transport.._headers.Payload], first = First[_headers.Transport.._headers.Payload];
        return BinaryPrimitives.ReadUInt32BigEndian(next[4..]) == _nextSequence
            && next[TcpAck..TcpFlags].SequenceEqual(first[TcpAck..TcpFlags])
            && next.Slice(TcpWindow, 2).SequenceEqual(first.Slice(TcpWindow, 2))
            && next.Slice(TcpUrgent, 2).SequenceEqual(first.Slice(TcpUrgent, 2))
            && next[TcpOptions..].SequenceEqual(first[TcpOptions..]);
    }
}
