using System.Buffers.Binary;
using System.Net;
using WgNet.Routing;
using Xunit;

namespace WgNet.Unit.Routing;

public sealed class IcmpErrorTests
{
    private const uint V4Source = 0xc0000263;
    private static readonly UInt128 V6Source = new(0x20010db800000000, 0x63);

    private readonly byte[] _error = new byte[IcmpError.MaxSize];

    [Fact]
    public void Build_IPv4_IsHostUnreachableFromTheInterfaceToTheSender()
    {
        byte[] offending = PacketBytes.IPv4(payload: 40);
        int length = Build(offending);
        Span<byte> error = _error.AsSpan(0, length);
        Assert.True(IpPacket.TryParse(error, out IpPacket header));
        Assert.Equal(20 + 8 + 60, header.TotalLength);
        Assert.Equal(V4Source, header.IPv4Source);
        Assert.Equal(0xc0000201, header.IPv4Destination);
        Assert.Equal(1, header.Protocol);
        Assert.Equal([3, 1], error[20..22].ToArray());
        Assert.Equal(0xffff, PacketBytes.Sum(error[..20]));
        Assert.Equal(0xffff, PacketBytes.Sum(error[20..]));
        Assert.Equal(offending, error[28..].ToArray());
    }

    [Theory]
    [InlineData(IcmpErrorKind.NoRoute, 0)]
    [InlineData(IcmpErrorKind.AddressUnreachable, 3)]
    public void Build_IPv6_IsUnreachableWithTheKindsCode(IcmpErrorKind kind, byte code)
    {
        byte[] offending = PacketBytes.IPv6(payload: 41);
        int length = Build(offending, kind);
        Span<byte> error = _error.AsSpan(0, length);
        Assert.True(IpPacket.TryParse(error, out IpPacket header));
        Assert.Equal(40 + 8 + 81, header.TotalLength);
        Assert.Equal(V6Source, header.IPv6Source);
        Assert.Equal(IpPrefix.ToNumber(IPAddress.Parse("2001:db8::1")), header.IPv6Destination);
        Assert.Equal(58, header.Protocol);
        Assert.Equal([1, code], error[40..42].ToArray());
        byte[] pseudoHeader = new byte[40];
        error[8..40].CopyTo(pseudoHeader);
        BinaryPrimitives.WriteInt32BigEndian(pseudoHeader.AsSpan(32), length - 40);
        pseudoHeader[39] = 58;
        Assert.Equal(0xffff, PacketBytes.Sum([.. pseudoHeader, .. error[40..]]));
        Assert.Equal(offending, error[48..].ToArray());
    }

    [Theory]
    [InlineData(true, 576)]
    [InlineData(false, 1280)]
    public void Build_LargePacket_QuotesAsMuchAsFits(bool isIPv4, int expected)
    {
        byte[] offending = isIPv4 ? PacketBytes.IPv4(1400) : PacketBytes.IPv6(1400);
        Array.Fill<byte>(_error, 0xee);
        Assert.Equal(expected, Build(offending));
        int overhead = isIPv4 ? 28 : 48;
        Assert.Equal(offending[..(expected - overhead)], _error[overhead..expected]);
        Assert.True(isIPv4 ? PacketBytes.Sum(_error.AsSpan(20, expected - 20)) == 0xffff : _error[47] == 0);
    }

    [Fact]
    public void Build_DestinationTooSmall_IsNothing()
    {
        byte[] offending = PacketBytes.IPv4(payload: 40);
        Assert.Equal(0, IcmpError.Build(offending, new byte[87], IcmpErrorKind.NoRoute, V4Source, V6Source));
        Assert.Equal(88, IcmpError.Build(offending, new byte[88], IcmpErrorKind.NoRoute, V4Source, V6Source));
    }

    [Fact]
    public void Build_InterfaceWithoutAddress_AnswersIPv4FromTheDummyAddressAndIPv6NotAtAll()
    {
        Assert.Equal(48 + 8, IcmpError.Build(PacketBytes.IPv4(8), _error, IcmpErrorKind.NoRoute, 0, 0));
        Assert.Equal(IPAddress.Parse("192.0.0.8").GetAddressBytes(), _error[12..16]);
        Assert.Equal(0, IcmpError.Build(PacketBytes.IPv6(8), _error, IcmpErrorKind.NoRoute, 0, 0));
    }

    [Theory]
    [InlineData("0.0.0.0", "198.51.100.2")]
    [InlineData("127.0.0.1", "198.51.100.2")]
    [InlineData("224.0.0.1", "198.51.100.2")]
    [InlineData("255.255.255.255", "198.51.100.2")]
    [InlineData("192.0.2.1", "239.1.2.3")]
    [InlineData("192.0.2.1", "255.255.255.255")]
    public void Build_IPv4FromOrToMoreOrLessThanOneHost_IsNothing(string source, string destination) =>
        Assert.Equal(0, Build(PacketBytes.IPv4(40, source, destination)));

    [Theory]
    [InlineData("::", "2001:db8::2")]
    [InlineData("::1", "2001:db8::2")]
    [InlineData("ff02::1", "2001:db8::2")]
    [InlineData("2001:db8::1", "ff02::2")]
    public void Build_IPv6FromOrToMoreOrLessThanOneHost_IsNothing(string source, string destination) =>
        Assert.Equal(0, Build(PacketBytes.IPv6(40, source, destination)));

    [Theory]
    [InlineData(0, true)]
    [InlineData(8, true)]
    [InlineData(13, true)]
    [InlineData(3, false)]
    [InlineData(4, false)]
    [InlineData(5, false)]
    [InlineData(11, false)]
    [InlineData(12, false)]
    public void Build_ForIcmp_AnswersQueriesAndNotErrors(byte type, bool isAnswered)
    {
        byte[] offending = PacketBytes.IPv4(8, protocol: 1);
        offending[20] = type;
        Assert.Equal(isAnswered, Build(offending) != 0);
    }

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, true)]
    [InlineData(133, true)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(127, false)]
    [InlineData(137, false)]
    public void Build_ForIcmpV6_AnswersInformationAndNotErrors(byte type, bool isAnswered)
    {
        byte[] offending = PacketBytes.IPv6(8, nextHeader: 58);
        offending[40] = type;
        Assert.Equal(isAnswered, Build(offending) != 0);
    }

    [Theory]
    [InlineData(128, true)]
    [InlineData(1, false)]
    public void Build_ForIcmpV6BehindExtensionHeaders_FindsItsType(byte type, bool isAnswered)
    {
        // hop-by-hop 8, routing 16, authentication 12, fragment (first) 8, destination options 8, ICMPv6
        byte[] offending = PacketBytes.IPv6(60, nextHeader: 0);
        (offending[40], offending[41]) = (43, 0);
        (offending[48], offending[49]) = (51, 1);
        (offending[64], offending[65]) = (44, 1);
        (offending[76], offending[79]) = (60, 1); // more fragments, offset 0
        (offending[84], offending[85]) = (58, 0);
        offending[92] = type;
        Assert.Equal(isAnswered, Build(offending) != 0);
    }

    [Fact]
    public void Build_ForLaterFragments_IsNothing()
    {
        byte[] four = PacketBytes.IPv4(40);
        four[6] = 0x20; // more fragments: the first
        Assert.NotEqual(0, Build(four));
        four[7] = 1;
        Assert.Equal(0, Build(four));

        byte[] six = PacketBytes.IPv6(40, nextHeader: 44);
        six[40] = PacketBytes.Udp;
        six[43] = 1;
        Assert.NotEqual(0, Build(six));
        six[43] = 8;
        Assert.Equal(0, Build(six));
    }

    [Fact]
    public void Build_ForIcmpThatIsCutBeforeItsType_IsNothing()
    {
        Assert.Equal(0, Build(PacketBytes.IPv4(0, protocol: 1)));
        Assert.Equal(0, Build(PacketBytes.IPv6(0, nextHeader: 58)));
        Assert.Equal(0, Build(PacketBytes.IPv6(7, nextHeader: 0)));
        byte[] tooLong = PacketBytes.IPv6(16, nextHeader: 60);
        (tooLong[40], tooLong[41]) = (17, 2);
        Assert.Equal(0, Build(tooLong));
    }

    [Fact]
    public void Build_ForRandomBytes_IsNothingOrAValidPacket()
    {
        Random random = new(11);
        byte[] offending = new byte[120];
        for (int i = 0; i < 100_000; i++)
        {
            random.NextBytes(offending);
            offending[0] = (byte)((random.Next(2) == 0 ? 0x40 : 0x60) | (offending[0] & 15));
            offending[2] = offending[4] = 0;
            byte[] headers = [0, 43, 44, 51, 58, 60];
            offending[6] = headers[random.Next(headers.Length)];
            int length = Build(offending.AsSpan(0, random.Next(offending.Length)));
            Assert.True(length == 0 || (IpPacket.TryParse(_error.AsSpan(0, length), out IpPacket error) && error.TotalLength == length));
        }
    }

    private int Build(ReadOnlySpan<byte> offending, IcmpErrorKind kind = IcmpErrorKind.NoRoute) =>
        IcmpError.Build(offending, _error, kind, V4Source, V6Source);
}
