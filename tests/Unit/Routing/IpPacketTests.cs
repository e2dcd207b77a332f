using System.Buffers.Binary;
using System.Net;
using WgNet.Routing;
using Xunit;

namespace WgNet.Unit.Routing;

public sealed class IpPacketTests
{
    [Fact]
    public void TryParse_IPv4_ShowsAddressesAndLength()
    {
        byte[] packet = PacketBytes.IPv4(payload: 100);
        Assert.True(IpPacket.TryParse(packet, out IpPacket header));
        Assert.True(header.IsIPv4);
        Assert.Equal(120, header.TotalLength);
        Assert.Equal(20, header.HeaderLength);
        Assert.Equal(0xc0000201, header.IPv4Source);
        Assert.Equal(0xc6336402, header.IPv4Destination);
        Assert.Equal(PacketBytes.Udp, header.Protocol);
    }

    [Fact]
    public void TryParse_IPv6_ShowsAddressesAndLength()
    {
        byte[] packet = PacketBytes.IPv6(payload: 100);
        Assert.True(IpPacket.TryParse(packet, out IpPacket header));
        Assert.False(header.IsIPv4);
        Assert.Equal(140, header.TotalLength);
        Assert.Equal(40, header.HeaderLength);
        Assert.Equal(IpPrefix.ToNumber(IPAddress.Parse("2001:db8::1")), header.IPv6Source);
        Assert.Equal(IpPrefix.ToNumber(IPAddress.Parse("2001:db8::2")), header.IPv6Destination);
        Assert.Equal(PacketBytes.Udp, header.Protocol);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TryParse_PaddingBehindThePacket_IsCutOff(bool isIPv4)
    {
        byte[] packet = isIPv4 ? PacketBytes.IPv4(5) : PacketBytes.IPv6(5);
        Assert.True(IpPacket.TryParse([.. packet, .. new byte[11]], out IpPacket header));
        Assert.Equal(packet.Length, header.TotalLength);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TryParse_CutShortAnywhere_IsFalse(bool isIPv4)
    {
        byte[] packet = isIPv4 ? PacketBytes.IPv4(8) : PacketBytes.IPv6(8);
        for (int length = 0; length < packet.Length; length++)
        {
            Assert.False(IpPacket.TryParse(packet.AsSpan(0, length), out _));
        }
    }

    [Fact]
    public void TryParse_AnyOtherVersion_IsFalse()
    {
        byte[] packet = PacketBytes.IPv6(100);
        for (int version = 0; version < 16; version++)
        {
            packet[0] = (byte)(version << 4);
            Assert.Equal(version == 6, IpPacket.TryParse(packet, out _));
        }
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(4, false)]
    [InlineData(5, true)]
    [InlineData(15, true)]
    public void TryParse_IPv4HeaderLength_IsAtLeastFiveWords(int words, bool expected)
    {
        byte[] packet = PacketBytes.IPv4(100);
        packet[0] = (byte)(0x40 | words);
        Assert.Equal(expected, IpPacket.TryParse(packet, out IpPacket header));
        Assert.Equal(expected ? words * 4 : 0, expected ? header.HeaderLength : 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(19)]
    [InlineData(59)] // one less than the header with its options
    [InlineData(121)] // one more than there is
    [InlineData(65535)]
    public void TryParse_IPv4TotalLengthThatContradicts_IsFalse(int totalLength)
    {
        byte[] packet = PacketBytes.IPv4(100);
        packet[0] = 0x4f;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)totalLength);
        Assert.False(IpPacket.TryParse(packet, out _));
    }

    [Theory]
    [InlineData(101)]
    [InlineData(65535)]
    public void TryParse_IPv6PayloadLongerThanTheBuffer_IsFalse(int payload)
    {
        byte[] packet = PacketBytes.IPv6(100);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)payload);
        Assert.False(IpPacket.TryParse(packet, out _));
    }

    [Fact]
    public void TryParse_Jumbogram_IsCutToItsHeader()
    {
        // Payload length 0, hop-by-hop header with the jumbo option: 100,000 bytes.
        byte[] packet = PacketBytes.IPv6(100, nextHeader: 0);
        packet.AsSpan(4, 2).Clear();
        new byte[] { 17, 0, 0xc2, 4, 0, 1, 0x86, 0xa0 }.CopyTo(packet, 40);
        Assert.True(IpPacket.TryParse(packet, out IpPacket header));
        Assert.Equal(40, header.TotalLength);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 3)]
    [InlineData(2, 3)]
    [InlineData(3, 3)]
    public void SetCongestionExperienced_AnyCodepoint_MarksOnlyWhatKnowsEcn(byte before, byte after)
    {
        byte[] four = PacketBytes.IPv4(10);
        four[1] = (byte)(0xb8 | before);
        PacketBytes.FixIPv4Checksum(four);
        IpPacket.SetCongestionExperienced(four);
        Assert.Equal(0xb8 | after, four[1]);
        Assert.Equal(0xffff, PacketBytes.Sum(four.AsSpan(0, 20)));
        Assert.True(IpPacket.TryParse(four, out IpPacket header));
        Assert.Equal(after, header.Ecn);

        byte[] six = PacketBytes.IPv6(10);
        BinaryPrimitives.WriteUInt32BigEndian(six, 0x6b8fffff | ((uint)before << 20));
        IpPacket.SetCongestionExperienced(six);
        Assert.Equal(0x6b8fffff | ((uint)after << 20), BinaryPrimitives.ReadUInt32BigEndian(six));
        Assert.True(IpPacket.TryParse(six, out header));
        Assert.Equal(after, header.Ecn);
        Assert.Equal(0xb8 | after, header.TrafficClass);
    }

    [Fact]
    public void SetCongestionExperienced_EveryHeaderChecksum_StaysRight()
    {
        byte[] packet = PacketBytes.IPv4(0);
        for (int id = 0; id <= ushort.MaxValue; id++)
        {
            packet[1] = (byte)(1 + (id & 1));
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)id);
            PacketBytes.FixIPv4Checksum(packet);
            IpPacket.SetCongestionExperienced(packet);
            Assert.Equal(0xffff, PacketBytes.Sum(packet));
        }
    }

    [Fact]
    public void TryParse_RandomBytes_NeverReachesBeyondThem()
    {
        Random random = new(7);
        byte[] buffer = new byte[200];
        for (int i = 0; i < 100_000; i++)
        {
            random.NextBytes(buffer);
            buffer[0] = (byte)((random.Next(2) == 0 ? 0x40 : 0x60) | (buffer[0] & 15));
            buffer[2] = buffer[4] = 0;
            int length = random.Next(buffer.Length);
            if (IpPacket.TryParse(buffer.AsSpan(0, length), out IpPacket header))
            {
                Assert.InRange(header.TotalLength, header.HeaderLength, length);
            }
        }
    }
}
