using System.Buffers.Binary;

namespace WgNet.Routing;

/// <summary>
/// Which packets may be answered with an ICMP error: not errors, lest two hosts answer each other for ever, nothing sent to many,
/// nothing from a source that is not one host, no fragment but the first (RFC 1122 section 3.2.2, RFC 4443 section 2.4(e)).
/// </summary>
internal static class IcmpEligibility
{
    public const byte Icmp = 1;
    public const byte IcmpV6 = 58;

    public static bool MayAnswer(IpPacket packet) => packet.IsIPv4 ? MayAnswerIPv4(packet) : MayAnswerIPv6(packet);

    private static bool MayAnswerIPv4(IpPacket packet)
    {
        // One shift for multicast, class E and broadcast: everything from 224.0.0.0 up.
        uint source = packet.IPv4Source;
        bool oneHost = source >> 24 is not (0 or 127) && source < 0xe0000000;
        int fragmentOffset = BinaryPrimitives.ReadUInt16BigEndian(packet.Bytes[6..]) & 0x1fff;
        if (!oneHost || packet.IPv4Destination >= 0xe0000000 || fragmentOffset != 0)
        {
            return false;
        }

        ReadOnlySpan<byte> payload = packet.Bytes[packet.HeaderLength..];
        return packet.Protocol != Icmp || (!payload.IsEmpty && !IsIcmpError(payload[0]));
    }

    // Unreachable, source quench, redirect, time exceeded, parameter problem.
    private static bool IsIcmpError(byte type) => type is 3 or 4 or 5 or 11 or 12;

    private static bool MayAnswerIPv6(IpPacket packet)
    {
        UInt128 source = packet.IPv6Source;
        if (source <= UInt128.One || IsMulticast(source) || IsMulticast(packet.IPv6Destination))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = packet.Bytes[IpPacket.IPv6HeaderSize..];
        return TrySkipExtensions(packet.Protocol, ref rest, out byte protocol)
            && (protocol != IcmpV6 || (!rest.IsEmpty && !IsIcmpV6Error(rest[0])));
    }

    // Errors have the upper bit clear; a redirect is informational by number but must not be answered either.
    private static bool IsIcmpV6Error(byte type) => type is < 128 or 137;

    private static bool IsMulticast(UInt128 address) => address >> 120 == 0xff;

    // To the upper-layer header. False for a chain that is cut short, or a fragment that does not hold it. Each step is at
    // least 8 bytes, so that the packet's length bounds the walk.
    private static bool TrySkipExtensions(byte next, ref ReadOnlySpan<byte> rest, out byte protocol)
    {
        const byte hopByHop = 0, routing = 43, fragment = 44, authentication = 51, destinationOptions = 60;
        protocol = next;
        while (protocol is hopByHop or routing or fragment or authentication or destinationOptions)
        {
            if (rest.Length < 8)
            {
                return false;
            }

            int length = protocol switch
            {
                fragment => 8,
                authentication => (rest[1] + 2) * 4,
                _ => (rest[1] + 1) * 8,
            };
            if (length > rest.Length || (protocol == fragment && (BinaryPrimitives.ReadUInt16BigEndian(rest[2..]) & 0xfff8) != 0))
            {
                return false;
            }

            protocol = rest[0];
            rest = rest[length..];
        }

        return true;
    }
}
