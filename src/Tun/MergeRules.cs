using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace WgNet.Tun;

/// <summary>
/// Which packets may become one super-packet: the rules of the kernel's GRO, each by the function that has it there. Stricter than the
/// kernel in one point: IPv6 extension headers are not merged. Looser in one: identifications of IPv4 packets that are not to be fragmented.
/// </summary>
internal static class MergeRules
{
    private const byte Fin = 0x01, Syn = 0x02, Rst = 0x04, Psh = 0x08, Urg = 0x20, Cwr = 0x80;
    private const int IPv4Identification = 4, IPv4FragmentField = 6, TcpSequence = 4, TcpFlags = 13, UdpLength = 4;
    private const ushort DontFragment = 0x4000;

    // The bits that have to be the same in all packets. 0 where a rule below judges, or where segments get a value of their own from
    // the super-packet: lengths, identification, checksums, sequence, PSH and FIN. What UDP has where the sequence is, is of that kind too.
    //
    // inet_gro_receive, inet_gro_flush: version and header length, TOS with ECN, fragment field, TTL, protocol, addresses.
    // tcp_gro_receive: ports, acknowledgement, header length, flags, window. The urgent pointer, meaningless without URG, has to
    // come out again as it was. udp_gro_receive_segment: ports.
    private static ReadOnlySpan<byte> IPv4Fixed =>
    [
        0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff & ~(Fin | Psh), 0xff, 0xff, 0x00, 0x00, 0xff, 0xff,
    ];

    // ipv6_gro_receive, ipv6_gro_flush: version, traffic class with ECN, flow label, next header, hop limit, addresses.
    private static ReadOnlySpan<byte> IPv6Fixed =>
    [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff & ~(Fin | Psh), 0xff, 0xff, 0x00, 0x00, 0xff, 0xff,
    ];

    /// <summary>A packet that others may follow, judged by itself but for its checksums.</summary>
    public static bool MayBegin(ReadOnlySpan<byte> packet, in PacketHeaders headers) =>
        !headers.HasOptions
        && headers.Payload < packet.Length
        && IsWhole(packet, headers)
        && (headers.IsIPv6 || IsUnfragmented(packet))
        && (!headers.IsTcp || IsPlainTcp(packet[headers.Transport..]));

    /// <summary>
    /// A packet that is like <paramref name="first"/>, which <see cref="MayBegin"/>, in everything that the segments of a super-packet
    /// share: <paramref name="headers"/> then hold for it, too. It has at least that much. Its checksums and its place in the flow
    /// are another matter.
    /// </summary>
    public static bool MayFollow(ReadOnlySpan<byte> packet, ReadOnlySpan<byte> first, in PacketHeaders headers)
    {
        int options = headers.Transport + (headers.IsTcp ? PacketHeaders.TcpSize : PacketHeaders.UdpSize);
        return AreEqual(packet, first, (headers.IsIPv6 ? IPv6Fixed : IPv4Fixed)[..options])
            && (options == headers.Payload || packet[options..headers.Payload].SequenceEqual(first[options..headers.Payload]))
            && IsWhole(packet, headers);
    }

    /// <summary>tcp_gro_receive: the segments before the last lose PSH and FIN, so whoever has them is the last.</summary>
    public static bool EndsRun(ReadOnlySpan<byte> packet, in PacketHeaders headers) =>
        headers.IsTcp && (packet[headers.Transport + TcpFlags] & (Psh | Fin)) != 0;

    /// <summary>Gives a super-packet the flags of its last segment.</summary>
    public static void EndRun(Span<byte> first, ReadOnlySpan<byte> last, in PacketHeaders headers)
    {
        int flags = headers.Transport + TcpFlags;
        first[flags] |= (byte)(last[flags] & (Psh | Fin));
    }

    /// <summary>tcp_gro_receive: where in the stream a segment begins is where the one before it ended.</summary>
    public static uint Sequence(ReadOnlySpan<byte> packet, in PacketHeaders headers) =>
        BinaryPrimitives.ReadUInt32BigEndian(packet[(headers.Transport + TcpSequence)..]);

    /// <summary>
    /// inet_gro_flush: identifications count up. There they may also stay the same; here a packet that is not to be fragmented may have
    /// any, since it means nothing (RFC 6864 section 4.1, docs/adr/0003).
    /// </summary>
    public static bool IsIdentification(ReadOnlySpan<byte> packet, ReadOnlySpan<byte> first, int distance) =>
        (BinaryPrimitives.ReadUInt16BigEndian(packet[IPv4FragmentField..]) & DontFragment) != 0
        || BinaryPrimitives.ReadUInt16BigEndian(packet[IPv4Identification..])
            == (ushort)(BinaryPrimitives.ReadUInt16BigEndian(first[IPv4Identification..]) + distance);

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

    // inet_gro_receive, ipv6_gro_receive, udp_gro_receive_segment: nothing behind the packet; of UDP, a checksum, since segments will have one.
    private static bool IsWhole(ReadOnlySpan<byte> packet, in PacketHeaders headers)
    {
        int length = headers.IsIPv6
            ? BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) + PacketHeaders.IPv6Size
            : BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        return length == packet.Length
            && (headers.IsTcp
                || (BinaryPrimitives.ReadUInt16BigEndian(packet[(headers.Transport + UdpLength)..]) == packet.Length - headers.Transport
                    && BinaryPrimitives.ReadUInt16BigEndian(packet[headers.ChecksumField..]) != 0));
    }

    // inet_gro_receive: the reserved bit forbids merging like an offset.
    private static bool IsUnfragmented(ReadOnlySpan<byte> packet) =>
        (BinaryPrimitives.ReadUInt16BigEndian(packet[IPv4FragmentField..]) & ~DontFragment) == 0;

    // tcp_gro_receive: nothing is added to these, nor, since flags have to be the same, are they to anything. CWR is said once.
    private static bool IsPlainTcp(ReadOnlySpan<byte> tcp) => (tcp[TcpFlags] & (Syn | Rst | Urg | Cwr | Psh | Fin)) == 0;

    // By words: the mask is a multiple of 4 bytes.
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
            int tail = mask.Length - 4;
            difference |= (MemoryMarshal.Read<uint>(one[tail..]) ^ MemoryMarshal.Read<uint>(other[tail..])) & MemoryMarshal.Read<uint>(mask[tail..]);
        }

        return difference == 0;
    }
}
