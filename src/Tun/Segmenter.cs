using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WgNet.Tun;

/// <summary>
/// What a network card does for the kernel (TSO, USO, checksum offload; virtio 1.2 section 5.1.6.2): one super-packet as read from
/// the TUN device becomes the packets that would have been sent without offload. Bytes are copied once, and summed while they are.
/// The header is believed in nothing that the packet itself does not confirm.
/// </summary>
public ref struct Segmenter
{
    private const int TcpSequence = 4, TcpFlags = 13, UdpLength = 4;
    private const byte Fin = 0x01, Psh = 0x08, Cwr = 0x80;

    private Span<byte> _packet;
    private VirtioNetHeader _offload;
    private PacketHeaders _headers;

    // Sums of what the headers of all segments share, so that a segment's own costs a few additions.
    private ulong _ipv4Sum;
    private ulong _transportSum;

    private int _segmentSize;
    private int _next;

    /// <summary>The packet behind the header: for a super-packet, its headers are those of the first segment but for lengths and sums.</summary>
    public readonly ReadOnlySpan<byte> Packet => _packet;

    /// <summary>How many packets <see cref="TryNext"/> gives in all.</summary>
    public int SegmentCount { get; private set; }

    /// <summary>The length of the packet that <see cref="TryNext"/> gives next; 0 after the last. No later one is longer.</summary>
    public readonly int NextLength =>
        _next == SegmentCount ? 0
        : !IsSuperPacket ? _packet.Length
        : _headers.Payload + Math.Min(_segmentSize, _packet.Length - PayloadOffset);

    private readonly bool IsSuperPacket => _offload.GsoType != VirtioNetHeader.GsoNone;

    private readonly int PayloadOffset => _headers.Payload + (_next * _segmentSize);

    /// <summary>
    /// Begins with what one <see cref="ITunDevice.Read"/> gave. False: header and packet contradict each other, and nothing can be sent.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Begin(Span<byte> headerAndPacket)
    {
        _next = 0;
        SegmentCount = 0;
        if (headerAndPacket.Length <= VirtioNetHeader.Size)
        {
            return false;
        }

        _offload = VirtioNetHeader.Read(headerAndPacket);
        _packet = headerAndPacket[VirtioNetHeader.Size..];
        bool isGood = IsSuperPacket ? TryBeginSuperPacket() : IsChecksumInside();
        SegmentCount = !isGood ? 0
            : !IsSuperPacket ? 1
            : (_packet.Length - _headers.Payload + _segmentSize - 1) / _segmentSize;
        return isGood;
    }

    /// <summary>Writes the next complete packet: <see cref="NextLength"/> bytes, for which there must be room. False after the last.</summary>
    public bool TryNext(Span<byte> destination, out int length)
    {
        length = NextLength;
        if (length == 0)
        {
            return false;
        }

        destination = destination[..length];
        if (IsSuperPacket)
        {
            WriteSegment(destination);
        }
        else if ((_offload.Flags & VirtioNetHeader.NeedsChecksum) != 0)
        {
            CopyWithChecksum(destination);
        }
        else
        {
            _packet.CopyTo(destination);
        }

        _next++;
        return true;
    }

    private readonly bool IsChecksumInside() =>
        (_offload.Flags & VirtioNetHeader.NeedsChecksum) == 0
        || _offload.ChecksumStart + _offload.ChecksumOffset + sizeof(ushort) <= _packet.Length;

    private bool TryBeginSuperPacket()
    {
        _segmentSize = _offload.GsoSize;
        if (_segmentSize == 0 || !PacketHeaders.TryParse(_packet, out _headers) || _headers.Payload >= _packet.Length)
        {
            return false;
        }

        bool isType = (_offload.GsoType & ~VirtioNetHeader.GsoEcn) switch
        {
            VirtioNetHeader.GsoTcpV4 => _headers.IsTcp && !_headers.IsIPv6,
            VirtioNetHeader.GsoTcpV6 => _headers.IsTcp && _headers.IsIPv6,
            VirtioNetHeader.GsoUdpL4 => !_headers.IsTcp,
            _ => false,
        };
        if (!isType || _headers.Payload + _segmentSize > ushort.MaxValue)
        {
            return false;
        }

        SumSharedHeaders();
        return true;
    }

    private void SumSharedHeaders()
    {
        Span<byte> transport = _packet[_headers.Transport.._headers.Payload];
        if (!_headers.IsIPv6)
        {
            // All but length, identification and checksum.
            _ipv4Sum = Checksum.Sum(_packet[..2]) + Checksum.Sum(_packet[6..10]) + Checksum.Sum(_packet[12.._headers.Transport]);
        }

        // With the pseudo-header, all but length, checksum and, of TCP, sequence and flags.
        _transportSum = _headers.PseudoHeader(_packet, transportLength: 0) + (_headers.IsTcp
            ? Checksum.Sum(transport[..TcpSequence]) + Checksum.Sum(transport[8..12]) + Checksum.Sum(transport[14..16]) + Checksum.Sum(transport[18..])
            : Checksum.Sum(transport[..UdpLength]));
    }

    private readonly void CopyWithChecksum(Span<byte> destination)
    {
        // The field holds the pseudo-header's sum already, so that it counts like any other.
        int start = _offload.ChecksumStart;
        _packet[..start].CopyTo(destination);
        ulong sum = Checksum.CopyAndSum(_packet[start..], destination[start..]);
        Checksum.WriteNonZero(destination.Slice(start + _offload.ChecksumOffset, sizeof(ushort)), sum);
    }

    private readonly void WriteSegment(Span<byte> segment)
    {
        int payload = _headers.Payload;
        _packet[..payload].CopyTo(segment);
        ushort length = (ushort)(segment.Length - _headers.Transport);
        ulong sum = _transportSum + Checksum.BigEndian(length)
            + Checksum.CopyAndSum(_packet.Slice(PayloadOffset, segment.Length - payload), segment[payload..]);

        WriteIpHeader(segment);
        Span<byte> transport = segment[_headers.Transport..payload];
        if (_headers.IsTcp)
        {
            WriteTcpFields(transport);
            sum += MemoryMarshal.Read<uint>(transport[TcpSequence..]) + (ulong)MemoryMarshal.Read<ushort>(transport[12..]);
            Checksum.Write(transport[PacketHeaders.TcpChecksum..], sum);
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(transport[UdpLength..], length);
            Checksum.WriteNonZero(transport[PacketHeaders.UdpChecksum..], sum + Checksum.BigEndian(length));
        }
    }

    private readonly void WriteIpHeader(Span<byte> segment)
    {
        if (_headers.IsIPv6)
        {
            BinaryPrimitives.WriteUInt16BigEndian(segment[4..], (ushort)(segment.Length - PacketHeaders.IPv6Size));
            return;
        }

        ushort length = (ushort)segment.Length;
        ushort identification = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(_packet[4..]) + _next);
        BinaryPrimitives.WriteUInt16BigEndian(segment[2..], length);
        BinaryPrimitives.WriteUInt16BigEndian(segment[4..], identification);
        Checksum.Write(segment[10..12], _ipv4Sum + Checksum.BigEndian(length) + Checksum.BigEndian(identification));
    }

    private readonly void WriteTcpFields(Span<byte> tcp)
    {
        uint sequence = BinaryPrimitives.ReadUInt32BigEndian(tcp[TcpSequence..]) + (uint)(_next * _segmentSize);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[TcpSequence..], sequence);
        if (_next != 0)
        {
            // "Congestion window reduced" is said once (RFC 3168 section 6.1.2).
            tcp[TcpFlags] &= unchecked((byte)~Cwr);
        }

        if (_next != SegmentCount - 1)
        {
            tcp[TcpFlags] &= unchecked((byte)~(Fin | Psh));
        }
    }
}
