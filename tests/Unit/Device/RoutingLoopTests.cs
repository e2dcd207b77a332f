using System.Buffers.Binary;
using System.Net;
using WgNet.Device;
using WgNet.Routing;
using WgNet.Udp;
using Xunit;

namespace WgNet.Unit.Device;

public sealed class RoutingLoopTests
{
    private const ushort ListenPort = 51820;
    private const ushort EndpointPort = 51821;

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", ListenPort, EndpointPort, true)]
    [InlineData("2001:db8::1", "2001:db8::1", ListenPort, EndpointPort, true)]
    [InlineData("192.0.2.1", "192.0.2.2", ListenPort, EndpointPort, false)]
    [InlineData("2001:db8::1", "2001:db8::2", ListenPort, EndpointPort, false)]
    [InlineData("192.0.2.1", "192.0.2.1", 40000, EndpointPort, false)]
    [InlineData("2001:db8::1", "2001:db8::1", ListenPort, 53, false)]
    [InlineData("192.0.2.1", "2001:db8::1", ListenPort, EndpointPort, false)]
    public void IsOwnDatagram_Udp_IsOursByDestinationAndBothPorts(string endpoint, string destination, int from, int to, bool own) =>
        Assert.Equal(own, IsOwn(Datagram(IPAddress.Parse(destination), from, to), endpoint));

    [Fact]
    public void IsOwnDatagram_FirstIPv6Fragment_IsOurs()
    {
        byte[] whole = Datagram(IPAddress.Parse("2001:db8::1"), ListenPort, EndpointPort);
        byte[] fragment = [.. whole.AsSpan(0, 40), 17, 0, 0, 1, 0, 0, 0, 7, .. whole.AsSpan(40)];
        fragment[6] = 44;
        fragment[5] += 8;
        Assert.True(IsOwn(fragment, "2001:db8::1"));
    }

    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("2001:db8::1")]
    public void IsOwnDatagram_TooShortForPorts_IsNot(string address)
    {
        byte[] packet = Datagram(IPAddress.Parse(address), ListenPort, EndpointPort);
        bool isIPv4 = packet[0] >> 4 == 4;
        packet[isIPv4 ? 3 : 5] -= 5;
        Assert.False(IsOwn(packet, address));
    }

    [Fact]
    public void IsOwnDatagram_Tcp_IsNot()
    {
        byte[] packet = Datagram(IPAddress.Parse("192.0.2.1"), ListenPort, EndpointPort);
        packet[9] = 6;
        Assert.False(IsOwn(packet, "192.0.2.1"));
    }

    private static bool IsOwn(byte[] packet, string endpoint)
    {
        Assert.True(IpPacket.TryParse(packet, out IpPacket header));
        return RoutingLoop.IsOwnDatagram(header, new Endpoint(IPAddress.Parse(endpoint), EndpointPort), ListenPort);
    }

    // Header and eight bytes of UDP.
    private static byte[] Datagram(IPAddress destination, int from, int to)
    {
        byte[] address = destination.GetAddressBytes();
        bool isIPv4 = address.Length == 4;
        byte[] packet = new byte[isIPv4 ? 28 : 48];
        packet[0] = (byte)(isIPv4 ? 0x45 : 0x60);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(isIPv4 ? 2 : 4), (ushort)(isIPv4 ? packet.Length : 8));
        packet[isIPv4 ? 9 : 6] = 17;
        address.CopyTo(packet.AsSpan(isIPv4 ? 16 : 24));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(packet.Length - 8), (ushort)from);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(packet.Length - 6), (ushort)to);
        return packet;
    }
}
