using System.Buffers.Binary;
using System.Diagnostics;
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

    /// <summary>
    /// Echo requests from so many addresses in a row, beginning with <paramref name="first"/>; <paramref name="step"/> 0 keeps to that
    /// one. <paramref name="perMillisecond"/> at a time, so that no queue on the way overflows; how long they took.
    /// </summary>
    public static TimeSpan SendEchoRequests(Host host, string first, uint step, int count, int perMillisecond, string destination) =>
        host.Namespace.Enter(() =>
        {
            UInt128 source = BinaryPrimitives.ReadUInt128BigEndian(IPAddress.Parse(first).GetAddressBytes());
            var to = new IPEndPoint(IPAddress.Parse(destination), 0);
            byte[] address = new byte[16];
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Raw, (ProtocolType)RawProtocol);
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < count; i++)
            {
                BinaryPrimitives.WriteUInt128BigEndian(address, source);
                socket.SendTo(Packet(new IPAddress(address), to.Address), to);
                source += step;
                if (i % perMillisecond == perMillisecond - 1)
                {
                    TimeSpan ahead = TimeSpan.FromMilliseconds(i / perMillisecond) - Stopwatch.GetElapsedTime(start);
                    if (ahead > TimeSpan.FromMilliseconds(1))
                    {
                        Thread.Sleep(ahead);
                    }
                }
            }

            return Stopwatch.GetElapsedTime(start);
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
