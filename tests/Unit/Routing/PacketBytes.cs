using System.Buffers.Binary;
using System.Net;

namespace WgNet.Unit.Routing;

/// <summary>Inside packets to test with, and a checksum of their own to check with.</summary>
internal static class PacketBytes
{
    public const byte Udp = 17;

    public static byte[] IPv4(int payload, string source = "192.0.2.1", string destination = "198.51.100.2", byte protocol = Udp)
    {
        byte[] packet = new byte[20 + payload];
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        packet[8] = 64;
        packet[9] = protocol;
        IPAddress.Parse(source).GetAddressBytes().CopyTo(packet, 12);
        IPAddress.Parse(destination).GetAddressBytes().CopyTo(packet, 16);
        FixIPv4Checksum(packet);
        return packet;
    }

    public static byte[] IPv6(int payload, string source = "2001:db8::1", string destination = "2001:db8::2", byte nextHeader = Udp)
    {
        byte[] packet = new byte[40 + payload];
        packet[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)payload);
        packet[6] = nextHeader;
        packet[7] = 64;
        IPAddress.Parse(source).GetAddressBytes().CopyTo(packet, 8);
        IPAddress.Parse(destination).GetAddressBytes().CopyTo(packet, 24);
        return packet;
    }

    public static void FixIPv4Checksum(Span<byte> packet)
    {
        Span<byte> header = packet[..((packet[0] & 15) * 4)];
        header[10..12].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], (ushort)~Sum(header));
    }

    /// <summary>The folded ones' complement sum: 0xffff over data with a right checksum.</summary>
    public static ushort Sum(ReadOnlySpan<byte> data)
    {
        long sum = 0;
        for (int i = 0; i < data.Length; i++)
        {
            sum += i % 2 == 0 ? data[i] << 8 : data[i];
        }

        return sum == 0 ? (ushort)0 : (ushort)(((sum - 1) % 0xffff) + 1);
    }
}
