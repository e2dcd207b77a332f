using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using WgNet.Routing;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// Recognises our own outside datagrams when the route to a peer's endpoint leads into the tunnel. Sealing them again would feed
/// the tunnel with itself, larger and, once fragmented, more each time. The kernel's WireGuard sees it from the route of what it
/// sends; here it shows in what the interface takes. Later fragments carry no ports: they go round once more, as a datagram of
/// their own that is recognised then.
/// </summary>
internal static class RoutingLoop
{
    private const byte Udp = 17;
    private const byte Fragment = 44;
    private const int FragmentHeaderSize = 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsOwnDatagram(in IpPacket packet, Endpoint endpoint, ushort listenPort)
    {
        if (packet.IsIPv4 != endpoint.IsIPv4 || !IsToAddress(packet, endpoint))
        {
            return false;
        }

        ReadOnlySpan<byte> udp = packet.Bytes[packet.HeaderLength..];
        byte protocol = packet.Protocol;
        if (protocol == Fragment && !packet.IsIPv4 && udp.Length >= FragmentHeaderSize)
        {
            protocol = udp[0];
            udp = udp[FragmentHeaderSize..];
        }

        return protocol == Udp
            && udp.Length >= 4
            && BinaryPrimitives.ReadUInt16BigEndian(udp) == listenPort
            && BinaryPrimitives.ReadUInt16BigEndian(udp[2..]) == endpoint.Port;
    }

    // The cookie's input begins with the address in network order.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsToAddress(in IpPacket packet, Endpoint endpoint) => packet.IsIPv4
        ? BinaryPrimitives.ReadUInt32BigEndian(endpoint.CookieInput) == packet.IPv4Destination
        : BinaryPrimitives.ReadUInt128BigEndian(endpoint.CookieInput) == packet.IPv6Destination;
}
