using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace WgNet.EndToEnd.Harness;

/// <summary>Sends IPv6 packets with any source address, which the kernel would not choose.</summary>
public static class RawIPv6
{
    private const int HeaderLength = 40;
    private const int EchoLength = 8;
    private const byte IcmpV6 = 58;
    private const byte EchoRequest = 128;
    private const int RawProtocol = 255;

    /// <summary>An echo request from <paramref name="source"/>, routed by its destination, that may lie about its length.</summary>
    public static void SendEchoRequest(Host host, string source, string destination, ushort claimedLength = EchoLength) => host.Namespace.Enter(() =>
    {
        byte[] packet = Packet(IPAddress.Parse(source), IPAddress.Parse(destination));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), claimedLength);
        using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Raw, (ProtocolType)RawProtocol);
        return socket.SendTo(packet, new IPEndPoint(IPAddress.Parse(destination), 0));
    });

    private static byte[] Packet(IPAddress source, IPAddress destination)
    {
        byte[] packet = new byte[HeaderLength + EchoLength];
        packet[0] = 0x60;
        packet[6] = IcmpV6;
        packet[7] = 64;
        source.TryWriteBytes(packet.AsSpan(8), out _);
        destination.TryWriteBytes(packet.AsSpan(24), out _);
        packet[HeaderLength] = EchoRequest;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(HeaderLength + 2), Checksum(packet));
        return packet;
    }

    // RFC 8200, section 8.1: the addresses, length and next header, then the message.
    private static ushort Checksum(ReadOnlySpan<byte> packet)
    {
        uint sum = EchoLength + IcmpV6;
        for (int i = 8; i < packet.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(packet[i..]);
        }

        while (sum >> 16 != 0)
        {
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
