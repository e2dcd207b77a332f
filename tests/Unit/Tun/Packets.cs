using System.Buffers.Binary;

namespace WgNet.Unit.Tun;

/// <summary>Makes TCP and UDP packets with right checksums, by the slow and obvious way rather than by the code under test.</summary>
internal sealed record PacketSpec
{
    public bool IPv6 { get; init; }

    public bool Udp { get; init; }

    public byte Host { get; init; } = 1;

    public ushort Port { get; init; } = 1000;

    public ushort Identification { get; init; } = 1;

    public bool DontFragment { get; init; } = true;

    public byte TrafficClass { get; init; }

    public int FlowLabel { get; init; }

    public byte HopLimit { get; init; } = 64;

    public uint Sequence { get; init; } = 1;

    public uint Acknowledgement { get; init; } = 77;

    public byte Flags { get; init; } = 0x10;

    public ushort Window { get; init; } = 500;

    public ushort UrgentPointer { get; init; }

    public byte[] Options { get; init; } = [];

    public byte[] Payload { get; init; } = [];

    public int TransportOffset => IPv6 ? 40 : 20;

    public int HeaderSize => TransportOffset + (Udp ? 8 : 20 + Options.Length);

    private int ChecksumOffset => TransportOffset + (Udp ? 6 : 16);

    public byte[] Build()
    {
        byte[] packet = new byte[HeaderSize + Payload.Length];
        Span<byte> transport = packet.AsSpan(TransportOffset);
        WriteIp(packet);
        BinaryPrimitives.WriteUInt16BigEndian(transport, Port);
        BinaryPrimitives.WriteUInt16BigEndian(transport[2..], 80);
        if (Udp)
        {
            BinaryPrimitives.WriteUInt16BigEndian(transport[4..], (ushort)transport.Length);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(transport[4..], Sequence);
            BinaryPrimitives.WriteUInt32BigEndian(transport[8..], Acknowledgement);
            transport[12] = (byte)((20 + Options.Length) / 4 << 4);
            transport[13] = Flags;
            BinaryPrimitives.WriteUInt16BigEndian(transport[14..], Window);
            BinaryPrimitives.WriteUInt16BigEndian(transport[18..], UrgentPointer);
            Options.CopyTo(transport[20..]);
        }

        Payload.CopyTo(packet.AsSpan(HeaderSize));
        ushort checksum = TransportChecksum(packet);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(ChecksumOffset), checksum == 0 && Udp ? (ushort)0xffff : checksum);
        return packet;
    }

    /// <summary>The packet as the kernel hands it over with NEEDS_CSUM: only the pseudo-header is in the checksum field.</summary>
    public byte[] BuildWithoutChecksum()
    {
        byte[] packet = Build();
        packet.AsSpan(ChecksumOffset, 2).Clear();
        byte[] headersOnly = [.. PseudoHeader(packet)];
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(ChecksumOffset), (ushort)~Complement(headersOnly));
        return packet;
    }

    private void WriteIp(byte[] packet)
    {
        if (IPv6)
        {
            packet[0] = (byte)(0x60 | TrafficClass >> 4);
            packet[1] = (byte)(TrafficClass << 4 | FlowLabel >> 16);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)FlowLabel);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)(packet.Length - 40));
            packet[6] = Udp ? (byte)17 : (byte)6;
            packet[7] = HopLimit;
            (packet[8], packet[23], packet[24], packet[39]) = (0xfd, Host, 0xfd, 9);
            return;
        }

        packet[0] = 0x45;
        packet[1] = TrafficClass;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), Identification);
        packet[6] = DontFragment ? (byte)0x40 : (byte)0;
        packet[8] = HopLimit;
        packet[9] = Udp ? (byte)17 : (byte)6;
        (packet[12], packet[15], packet[16], packet[19]) = (10, Host, 10, 9);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), Complement(packet.AsSpan(0, 20)));
    }

    private ushort TransportChecksum(byte[] packet) => Complement([.. PseudoHeader(packet), .. packet.AsSpan(TransportOffset)]);

    private byte[] PseudoHeader(byte[] packet)
    {
        int length = packet.Length - TransportOffset;
        ReadOnlySpan<byte> addresses = IPv6 ? packet.AsSpan(8, 32) : packet.AsSpan(12, 8);
        return [.. addresses, 0, Udp ? (byte)17 : (byte)6, (byte)(length >> 8), (byte)length];
    }

    private static ushort Complement(ReadOnlySpan<byte> data)
    {
        uint sum = 0;
        for (int i = 0; i < data.Length; i++)
        {
            sum += (uint)(i % 2 == 0 ? data[i] << 8 : data[i]);
        }

        while (sum > 0xffff)
        {
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
