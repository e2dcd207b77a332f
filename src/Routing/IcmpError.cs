using System.Buffers.Binary;

namespace WgNet.Routing;

/// <summary>
/// "Destination unreachable" to the sender of a packet that the tunnel cannot take: RFC 792, RFC 4443. Whom never to answer is
/// in <see cref="IcmpEligibility"/>.
/// </summary>
public static class IcmpError
{
    /// <summary>The largest error that <see cref="Build"/> makes.</summary>
    public const int MaxSize = IPv6Limit;

    private const int IcmpHeaderSize = 8;

    // RFC 1812 section 4.3.2.3 and RFC 4443 section 2.4(c): as much of the offending packet as keeps the error within these.
    private const int IPv4Limit = 576;
    private const int IPv6Limit = 1280;

    private const byte HopLimit = 64;
    private const byte InternetworkControl = 0xc0; // precedence, RFC 1812 section 4.3.2.5
    private const byte IPv4Unreachable = 3;
    private const byte IPv6Unreachable = 1;

    // RFC 7600's dummy address: what the kernel, too, answers from when it has no IPv4 address at all.
    private const uint DummyIPv4 = 0xc0000008;

    /// <summary>
    /// Writes a whole packet from one of this host's addresses to the offending packet's source. Returns its length, or 0 if that
    /// packet must not be answered, if there is no address to answer from, or if the destination has no room.
    /// </summary>
    /// <param name="v4Source">The interface's own address; 0 (none) answers from 192.0.0.8.</param>
    /// <param name="v6Source">The interface's own address; 0 means there is none.</param>
    public static int Build(ReadOnlySpan<byte> offending, Span<byte> destination, IcmpErrorKind kind, uint v4Source, UInt128 v6Source)
    {
        if (!IpPacket.TryParse(offending, out IpPacket packet) || !IcmpEligibility.MayAnswer(packet))
        {
            return 0;
        }

        return packet.IsIPv4
            ? BuildIPv4(packet, destination, v4Source == 0 ? DummyIPv4 : v4Source)
            : v6Source == UInt128.Zero ? 0 : BuildIPv6(packet, destination, kind, v6Source);
    }

    private static int BuildIPv4(IpPacket packet, Span<byte> destination, uint source)
    {
        const int Overhead = IpPacket.IPv4HeaderSize + IcmpHeaderSize;
        if (!TryQuote(packet, ref destination, Overhead, IPv4Limit))
        {
            return 0;
        }

        const byte hostUnreachable = 1;
        Span<byte> header = destination[..IpPacket.IPv4HeaderSize];
        header[0] = 0x45;
        header[1] = InternetworkControl;
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)destination.Length);
        header[6] = 0x40; // do not fragment: so the identification may be 0 (RFC 6864)
        header[8] = HopLimit;
        header[9] = IcmpEligibility.Icmp;
        BinaryPrimitives.WriteUInt32BigEndian(header[12..], source);
        BinaryPrimitives.WriteUInt32BigEndian(header[16..], packet.IPv4Source);
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Finish(InternetChecksum.Add(0, header)));

        Span<byte> icmp = destination[IpPacket.IPv4HeaderSize..];
        icmp[0] = IPv4Unreachable;
        icmp[1] = hostUnreachable;
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], InternetChecksum.Finish(InternetChecksum.Add(0, icmp)));
        return destination.Length;
    }

    private static int BuildIPv6(IpPacket packet, Span<byte> destination, IcmpErrorKind kind, UInt128 source)
    {
        const int Overhead = IpPacket.IPv6HeaderSize + IcmpHeaderSize;
        if (!TryQuote(packet, ref destination, Overhead, IPv6Limit))
        {
            return 0;
        }

        const byte noRoute = 0;
        const byte addressUnreachable = 3;
        Span<byte> header = destination[..IpPacket.IPv6HeaderSize];
        Span<byte> icmp = destination[IpPacket.IPv6HeaderSize..];
        header[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)icmp.Length);
        header[6] = IcmpEligibility.IcmpV6;
        header[7] = HopLimit;
        BinaryPrimitives.WriteUInt128BigEndian(header[8..], source);
        BinaryPrimitives.WriteUInt128BigEndian(header[24..], packet.IPv6Source);

        icmp[0] = IPv6Unreachable;
        icmp[1] = kind == IcmpErrorKind.NoRoute ? noRoute : addressUnreachable;

        // The pseudo-header: both addresses, the length, the next header (RFC 8200 section 8.1).
        uint sum = InternetChecksum.Add((uint)icmp.Length + IcmpEligibility.IcmpV6, header[8..]);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], InternetChecksum.Finish(InternetChecksum.Add(sum, icmp)));
        return destination.Length;
    }

    // Cuts the destination to the error's size, zeroes the headers and copies the quotation behind them.
    private static bool TryQuote(IpPacket packet, ref Span<byte> destination, int overhead, int limit)
    {
        int length = overhead + Math.Min(packet.TotalLength, limit - overhead);
        if (length > destination.Length)
        {
            return false;
        }

        destination = destination[..length];
        destination[..overhead].Clear();
        packet.Bytes[..(length - overhead)].CopyTo(destination[overhead..]);
        return true;
    }
}
