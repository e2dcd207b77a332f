using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace WgNet.Tun;

/// <summary>
/// Which packets may become one super-packet: the rules of the kernel's GRO (dev_gro_receive and what it calls), by the function that
/// has each of them there. Stricter than the kernel in one point: IPv6 extension headers are not merged. Looser in one: identifications.
/// </summary>
internal static class MergeRules
{
    private const byte Fin = 0x01, Syn = 0x02, Rst = 0x04, Psh = 0x08, Urg = 0x20, Cwr = 0x80;
    private const int FragmentField = 6, UdpLength = 4, TcpSequence = 4, TcpFlags = 13;
    private const ushort DontFragment = 0x4000;

    // Bits that have to be the same in all packets of a super-packet. 0 where a rule below judges, or what the segments' fields
    // are made from the super-packet's: lengths, identification, checksums, sequence, PSH and FIN.
    //
    // inet_gro_receive, inet_gro_flush: TOS with ECN, DF, TTL, protocol, addresses.
    private static ReadOnlySpan<byte> IPv4Fixed =>
    [
        0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff,
        0xff, 0xff, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff,
    ];

    // ipv6_gro_receive, ipv6_gro_flush: traffic class with ECN, flow label, next header, hop limit, addresses.
    private static ReadOnlySpan<byte> IPv6Fixed =>
    [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    ];

    // tcp_gro_receive: ports, acknowledgement, header length, flags, window. The urgent pointer only counts with URG, but has to come out again.
    private static ReadOnlySpan<byte> TcpFixed =>
    [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff & ~(Fin | Psh), 0xff, 0xff, 0x00, 0x00, 0xff, 0xff,
    ];

    // udp_gro_receive_segment: ports.
    private static ReadOnlySpan<byte> UdpFixed => [0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00];

    /// <summary>A packet that can be part of a super-packet, judged by itself but for its checksums.</summary>
    public static bool MayMerge(ReadOnlySpan<byte> packet, in PacketHeaders headers) =>
        !headers.HasOptions
        && headers.Payload < packet.Length
        && (headers.IsIPv6 ? IsWholeIPv6(packet) : IsWholeIPv4(packet))
        && (headers.IsTcp ? IsPlainTcp(packet[headers.Transport..]) : IsWholeUdp(packet[headers.Transport..]));

    /// <summary>One that others may follow.</summary>
    public static bool MayBegin(ReadOnlySpan<byte> packet, in PacketHeaders headers) => !EndsRun(packet, headers);

    /// <summary>tcp_gro_receive: the segments before the last lose PSH and FIN, so whoever has them is the last.</summary>
    public static bool EndsRun(ReadOnlySpan<byte> packet, in PacketHeaders headers) =>
        headers.IsTcp && (packet[headers.Transport + TcpFlags] & (Psh | Fin)) != 0;

    /// <summary>Gives a super-packet the flags of its last segment.</summary>
    public static void EndRun(Span<byte> first, ReadOnlySpan<byte> last, in PacketHeaders headers)
    {
        int flags = headers.Transport + TcpFlags;
        first[flags] |= (byte)(last[flags] & (Psh | Fin));
    }

    /// <summary>Same protocol, addresses and ports: packets whose order has to be kept.</summary>
    public static bool IsSameFlow(ReadOnlySpan<byte> packet, in PacketHeaders headers, ReadOnlySpan<byte> other, in PacketHeaders otherHeaders) =>
        headers.Protocol == otherHeaders.Protocol
        && headers.IsIPv6 == otherHeaders.IsIPv6
        && packet.Slice(headers.Transport, 4).SequenceEqual(other.Slice(otherHeaders.Transport, 4))
        && headers.Addresses(packet).SequenceEqual(otherHeaders.Addresses(other));

    /// <summary>Whether the headers of two packets of the same layout agree in everything that the segments of a super-packet share.</summary>
    public static bool HasSameFixedFields(ReadOnlySpan<byte> packet, ReadOnlySpan<byte> first, in PacketHeaders headers)
    {
        ReadOnlySpan<byte> ip = headers.IsIPv6 ? IPv6Fixed : IPv4Fixed, transport = headers.IsTcp ? TcpFixed : UdpFixed;
        int options = headers.Transport + transport.Length;
        return AreEqual(packet, first, ip)
            && AreEqual(packet[headers.Transport..], first[headers.Transport..], transport)
            && (options == headers.Payload || packet[options..headers.Payload].SequenceEqual(first[options..headers.Payload]));
    }

    /// <summary>tcp_gro_receive: the first byte's place in the stream.</summary>
    public static uint Sequence(ReadOnlySpan<byte> packet, in PacketHeaders headers) =>
        BinaryPrimitives.ReadUInt32BigEndian(packet[(headers.Transport + TcpSequence)..]);

    /// <summary>
    /// inet_gro_flush wants identifications that count up by one or, with DF, stay the same. An atomic packet's means nothing and may
    /// be any (RFC 6864 section 4.1; docs/adr/0003).
    /// </summary>
    public static bool IsIdentification(ReadOnlySpan<byte> packet, ReadOnlySpan<byte> first, int distance) =>
        (BinaryPrimitives.ReadUInt16BigEndian(packet[FragmentField..]) & DontFragment) != 0
        || BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) == (ushort)(BinaryPrimitives.ReadUInt16BigEndian(first[4..]) + distance);

    /// <summary>
    /// inet_gro_receive, skb_gro_checksum_validate: checksums are verified before merging, since behind NEEDS_CSUM nobody looks again.
    /// Without options the addresses lie right before the transport header, so that one sum takes the pseudo-header too.
    /// </summary>
    public static bool IsIntact(ReadOnlySpan<byte> packet, in PacketHeaders headers) =>
        (headers.IsIPv6 || Checksum.IsRight(Checksum.Sum(packet[..PacketHeaders.IPv4Size])))
        && Checksum.IsRight(
            Checksum.Sum(packet[(headers.IsIPv6 ? PacketHeaders.IPv6Addresses : PacketHeaders.IPv4Addresses)..])
            + Checksum.BigEndian(headers.Protocol)
            + Checksum.BigEndian((ushort)(packet.Length - headers.Transport)));

    // inet_gro_receive: nothing behind the packet, not a fragment, and not the reserved bit either.
    private static bool IsWholeIPv4(ReadOnlySpan<byte> packet) =>
        BinaryPrimitives.ReadUInt16BigEndian(packet[2..]) == packet.Length
        && (BinaryPrimitives.ReadUInt16BigEndian(packet[FragmentField..]) & ~DontFragment) == 0;

    // ipv6_gro_receive: nothing behind the packet.
    private static bool IsWholeIPv6(ReadOnlySpan<byte> packet) =>
        BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) == packet.Length - PacketHeaders.IPv6Size;

    // tcp_gro_receive: CWR is never appended, nor is anything to it; URG, RST and SYN are handed on at once.
    private static bool IsPlainTcp(ReadOnlySpan<byte> tcp) => (tcp[TcpFlags] & (Syn | Rst | Urg | Cwr)) == 0;

    // udp_gro_receive_segment: the right length, and a checksum, since segments will have one.
    private static bool IsWholeUdp(ReadOnlySpan<byte> udp) =>
        BinaryPrimitives.ReadUInt16BigEndian(udp[UdpLength..]) == udp.Length
        && BinaryPrimitives.ReadUInt16BigEndian(udp[PacketHeaders.UdpChecksum..]) != 0;

    // By words: all masks are multiples of 4 bytes.
    private static bool AreEqual(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other, ReadOnlySpan<byte> mask)
    {
        ReadOnlySpan<ulong> bits = MemoryMarshal.Cast<byte, ulong>(mask);
        ReadOnlySpan<ulong> left = MemoryMarshal.Cast<byte, ulong>(one[..mask.Length]), right = MemoryMarshal.Cast<byte, ulong>(other[..mask.Length]);
        ulong difference = 0;
        for (int i = 0; i < bits.Length && i < left.Length && i < right.Length; i++)
        {
            difference |= (left[i] ^ right[i]) & bits[i];
        }

        if ((mask.Length & 4) != 0)
        {
            difference |= (MemoryMarshal.Read<uint>(one[(mask.Length - 4)..]) ^ MemoryMarshal.Read<uint>(other[(mask.Length - 4)..]))
                & MemoryMarshal.Read<uint>(mask[^4..]);
        }

        return difference == 0;
    }
}
