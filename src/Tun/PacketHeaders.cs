using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WgNet.Tun;

/// <summary>
/// Where a TCP or UDP packet's headers lie. Both sides of the device need it: to cut a super-packet apart and to put one together.
/// Every offset is checked to be inside the packet.
/// </summary>
internal readonly struct PacketHeaders
{
    public const byte Tcp = 6, Udp = 17;
    public const int TcpSize = 20, UdpSize = 8, TcpChecksum = 16, UdpChecksum = 6;

    /// <summary>IPv4 without options.</summary>
    public const int IPv4Size = 20, IPv4Addresses = 12;

    public const int IPv6Size = 40, IPv6Addresses = 8;

    // 2^64 divided by the golden ratio: odd, so that nothing is lost, and without a pattern.
    internal const ulong HashFactor = 0x9e37_79b9_7f4a_7c15;

    private const byte HopByHop = 0, DestinationOptions = 60;

    private PacketHeaders(bool isIPv6, byte protocol, int transport, int payload)
    {
        IsIPv6 = isIPv6;
        Protocol = protocol;
        Transport = transport;
        Payload = payload;
    }

    public bool IsIPv6 { get; }

    /// <summary><see cref="Tcp"/> or <see cref="Udp"/>.</summary>
    public byte Protocol { get; }

    public bool IsTcp => Protocol == Tcp;

    /// <summary>Where the TCP or UDP header begins; even.</summary>
    public int Transport { get; }

    /// <summary>Where the payload begins.</summary>
    public int Payload { get; }

    /// <summary>Where the checksum field lies.</summary>
    public int ChecksumField => Transport + (IsTcp ? TcpChecksum : UdpChecksum);

    /// <summary>IP options or extension headers are there.</summary>
    public bool HasOptions => Transport != (IsIPv6 ? IPv6Size : IPv4Size);

    /// <summary>
    /// False for anything but TCP and UDP in an unfragmented packet, and for IPv6 extension headers other than the two kinds of options:
    /// behind a routing header the pseudo-header's destination is not the one in the IP header.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryParse(ReadOnlySpan<byte> packet, out PacketHeaders headers)
    {
        headers = default;
        if (!TryFindTransport(packet, out bool isIPv6, out byte protocol, out int transport))
        {
            return false;
        }

        int payload;
        if (protocol == Tcp && packet.Length >= transport + TcpSize)
        {
            int size = (packet[transport + 12] >> 4) * 4;
            payload = transport + size;
            if (size < TcpSize || payload > packet.Length)
            {
                return false;
            }
        }
        else if (protocol == Udp && packet.Length >= transport + UdpSize)
        {
            payload = transport + UdpSize;
        }
        else
        {
            return false;
        }

        headers = new PacketHeaders(isIPv6, protocol, transport, payload);
        return true;
    }

    /// <summary>The pseudo-header's sum for a packet with <paramref name="transportLength"/> bytes from the transport header on.</summary>
    public ulong PseudoHeader(ReadOnlySpan<byte> packet, int transportLength) =>
        Checksum.PseudoHeader(Addresses(packet), Protocol, transportLength);

    /// <summary>
    /// A number that the packets of one flow share, and seldom others. Made of what strangers choose: only speed may hang on its being seldom.
    /// </summary>
    public ulong FlowHash(ReadOnlySpan<byte> packet)
    {
        ulong hash = ((ulong)MemoryMarshal.Read<uint>(packet[Transport..]) << 8) | Protocol;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(Addresses(packet)))
        {
            hash = (hash ^ word) * HashFactor;
        }

        return hash;
    }

    /// <summary>Source and destination, as they lie side by side in both versions.</summary>
    public ReadOnlySpan<byte> Addresses(ReadOnlySpan<byte> packet) => IsIPv6 ? packet.Slice(IPv6Addresses, 32) : packet.Slice(IPv4Addresses, 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryFindTransport(ReadOnlySpan<byte> packet, out bool isIPv6, out byte protocol, out int transport)
    {
        (isIPv6, protocol, transport) = (false, 0, 0);
        if (packet.Length >= IPv4Size && packet[0] >> 4 == 4)
        {
            const int moreFragmentsOrOffset = 0x3fff;
            transport = (packet[0] & 15) * 4;
            protocol = packet[9];
            return transport >= IPv4Size && (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & moreFragmentsOrOffset) == 0;
        }

        if (packet.Length < IPv6Size || packet[0] >> 4 != 6)
        {
            return false;
        }

        isIPv6 = true;
        protocol = packet[6];
        transport = IPv6Size;
        while (protocol is HopByHop or DestinationOptions && packet.Length >= transport + 8)
        {
            protocol = packet[transport];
            transport += (packet[transport + 1] + 1) * 8;
        }

        return true;
    }
}
