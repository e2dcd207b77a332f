using System.Buffers.Binary;

namespace WgNet.TestBed;

/// <summary>An IPv6 packet with an ICMPv6 echo request (RFC 4443, section 4.1) without data, from and to any address.</summary>
//  IPv6 header 40 | type 1 | code 1 | checksum 2 | identifier 2 | sequence number 2
public static class EchoRequest
{
    /// <summary>Of the whole packet, and so of the answer.</summary>
    public const int PacketLength = HeaderLength + MessageLength;

    /// <summary>What the IPv6 header says is behind it.</summary>
    public const int MessageLength = 8;

    private const int HeaderLength = 40;
    private const byte IcmpV6 = 58, RequestType = 128, ReplyType = 129;

    /// <param name="packet">Zeros, <see cref="PacketLength"/> of them.</param>
    public static void Write(Span<byte> packet, UInt128 source, UInt128 destination)
    {
        packet[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], MessageLength);
        packet[6] = IcmpV6;
        packet[7] = 64;
        BinaryPrimitives.WriteUInt128BigEndian(packet[8..], source);
        BinaryPrimitives.WriteUInt128BigEndian(packet[24..], destination);
        packet[HeaderLength] = RequestType;
        BinaryPrimitives.WriteUInt16BigEndian(packet[(HeaderLength + 2)..], Checksum(packet));
    }

    /// <summary>Whether the packet is the answer to one, and to whom.</summary>
    public static bool IsReply(ReadOnlySpan<byte> packet, out UInt128 destination)
    {
        bool isReply = packet.Length >= PacketLength && packet[6] == IcmpV6 && packet[HeaderLength] == ReplyType;
        destination = isReply ? BinaryPrimitives.ReadUInt128BigEndian(packet[24..]) : 0;
        return isReply;
    }

    // RFC 8200, section 8.1: the addresses, length and next header, then the message.
    private static ushort Checksum(ReadOnlySpan<byte> packet)
    {
        uint sum = MessageLength + IcmpV6;
        for (int i = 8; i < PacketLength; i += 2)
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
