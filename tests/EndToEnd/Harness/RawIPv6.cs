using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace WgNet.EndToEnd.Harness;

/// <summary>Sends IPv6 packets with any source address, which the kernel would not choose.</summary>
public static class RawIPv6
{
    private const int RawProtocol = 255;

    /// <summary>An echo request from <paramref name="source"/>, routed by its destination, that may lie about its length.</summary>
    public static void SendEchoRequest(Host host, string source, string destination, ushort claimedLength = EchoRequest.MessageLength) => host.Namespace.Enter(() =>
    {
        byte[] packet = Packet(Number(source), Number(destination));
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
            UInt128 source = Number(first);
            var to = new IPEndPoint(IPAddress.Parse(destination), 0);
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Raw, (ProtocolType)RawProtocol);
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < count; i++)
            {
                socket.SendTo(Packet(source, Number(destination)), to);
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

    private static byte[] Packet(UInt128 source, UInt128 destination)
    {
        byte[] packet = new byte[EchoRequest.PacketLength];
        EchoRequest.Write(packet, source, destination);
        return packet;
    }

    private static UInt128 Number(string address) => BinaryPrimitives.ReadUInt128BigEndian(IPAddress.Parse(address).GetAddressBytes());
}
