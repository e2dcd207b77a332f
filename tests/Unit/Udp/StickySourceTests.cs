using System.Net;
using WgNet.Linux;
using WgNet.Udp;
using WgNet.Unit.Linux;
using Xunit;

namespace WgNet.Unit.Udp;

public sealed class StickySourceTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void Send_EndpointWithSource_ComesFromThatAddress(string first, string second) => InNetworkWithAddresses(() =>
    {
        using var wire = new Wire();
        foreach (string source in new[] { first, second })
        {
            wire.Append(new Endpoint(IPAddress.Parse(first), wire.Right.Port, IPAddress.Parse(source), sourceInterface: 1), 10, 0);
            Assert.Equal(0, wire.Left.Send(wire.Out));
            Assert.Equal(source, $"{wire.ReceiveAtRight(1)[0].From.Address}");
        }
    });

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.2")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    public void EndpointOf_DatagramToSecondAddress_IsAnsweredFromIt(string first, string second) => InNetworkWithAddresses(() =>
    {
        using var wire = new Wire();
        var asked = new Endpoint(IPAddress.Parse(second), wire.Right.Port, IPAddress.Parse(first));
        Assert.Equal(0, wire.Left.Send(asked, [1], ecn: 0));
        Endpoint peer = wire.ReceiveAtRight(1)[0].From;
        Assert.Equal((first, second, 1), ($"{peer.Address}", $"{peer.Source}", peer.SourceInterface));

        Assert.Equal(0, wire.Right.Send(peer, [2], ecn: 0));
        Assert.Equal(second, $"{wire.Receive(wire.Left, 1)[0].From.Address}");
    });

    [Fact]
    public void ComesFrom_AnythingDiffers_IsFalse() => InNetworkWithAddresses(() =>
    {
        using var wire = new Wire();
        Assert.Equal(0, wire.Left.Send(new Endpoint(IPAddress.Parse("127.0.0.2"), wire.Right.Port, IPAddress.Loopback), [1], ecn: 0));
        Assert.Equal(1, wire.Right.Receive(wire.In));
        IPAddress local = IPAddress.Parse("127.0.0.2");
        int port = wire.Left.Port;
        Assert.True(wire.In.ComesFrom(0, new Endpoint(IPAddress.Loopback, port, local, 1)));
        Assert.False(wire.In.ComesFrom(0, new Endpoint(IPAddress.Loopback, port)));
        Assert.False(wire.In.ComesFrom(0, new Endpoint(IPAddress.Loopback, port ^ 1, local, 1)));
        Assert.False(wire.In.ComesFrom(0, new Endpoint(IPAddress.Loopback, port, local, 2)));
        Assert.False(wire.In.ComesFrom(0, new Endpoint(IPAddress.Loopback, port, IPAddress.Loopback, 1)));
        Assert.False(wire.In.ComesFrom(0, new Endpoint(local, port, local, 1)));
        Assert.False(wire.In.ComesFrom(0, new Endpoint(IPAddress.IPv6Loopback, port, IPAddress.IPv6Loopback, 1)));
    });

    [Theory]
    [InlineData("127.0.0.1", "192.0.2.77", true)]
    [InlineData("127.0.0.1", "192.0.2.77", false)]
    [InlineData("2001:db8::1", "2001:db8::77", true)]
    [InlineData("2001:db8::1", "2001:db8::77", false)]
    public void Send_SourceIsNotThisHosts_GoesWithoutItAndIsReported(string address, string source, bool offload) => InNetworkWithAddresses(() =>
    {
        using var wire = new Wire(new UdpOptions { Offload = offload });
        var lost = new List<Endpoint>();
        wire.Left.SourceLost += lost.Add;
        var endpoint = new Endpoint(IPAddress.Parse(address), wire.Right.Port, IPAddress.Parse(source), sourceInterface: 1);
        for (byte i = 0; i < 10; i++)
        {
            wire.Append(endpoint, 1000, i);
        }

        wire.Append(endpoint.WithoutSource(), 1000, 10);
        Assert.Equal(0, wire.Left.Send(wire.Out));
        Assert.Equal(Enumerable.Range(0, 11).Select(i => (byte)i), wire.ReceiveAtRight(11).Select(datagram => datagram.Bytes[0]));
        Assert.NotEmpty(lost);
        Assert.All(lost, reported => Assert.Same(endpoint, reported));
        Assert.Equal(lost.Count, wire.Left.SourcesLost);

        // A bad source is not the splitting's fault: what follows is still sent in one call.
        if (offload)
        {
            wire.Append(endpoint.WithoutSource(), 1000, 0);
            wire.Append(endpoint.WithoutSource(), 1000, 1);
            Assert.Equal(0, wire.Left.Send(wire.Out));
            Assert.All(wire.ReceiveAtRight(2), datagram => Assert.True(datagram.WasJoined));
        }
    });

    [Fact]
    public void Send_LinkLocalEndpoint_IsReachedThroughItsScope() => PrivateNetwork.Run(() =>
    {
        PrivateNetwork.AddToLoopback("fe80::1");
        using var wire = new Wire();
        var endpoint = new Endpoint(IPAddress.Parse("fe80::1%1"), wire.Right.Port);
        Assert.Equal(0, wire.Left.Send(endpoint, [1], ecn: 0));
        Endpoint from = wire.ReceiveAtRight(1)[0].From;
        Assert.Equal(1, from.Address.ScopeId);
        Assert.Equal(0, wire.Right.Send(from, [2], ecn: 0));
        Assert.Equal([2], wire.Receive(wire.Left, 1)[0].Bytes);
        Assert.Equal(0, wire.Right.SourcesLost);
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Send_DatagramsLongerThanThePathTakes_ArriveInFragments(bool isIPv4) => PrivateNetwork.Run(() =>
    {
        using var netlink = new RouteNetlink();
        netlink.SetMtu(1, 1400);
        using var wire = new Wire();
        int disabled = 0;
        wire.Left.SegmentationDisabled += _ => disabled++;
        for (byte i = 0; i < 5; i++)
        {
            wire.Append(wire.ToRight(isIPv4), 3000, i);
        }

        wire.Append(wire.ToRight(isIPv4), 1000, 5);
        Assert.Equal(0, wire.Left.Send(wire.Out));
        Assert.Equal([0, 1, 2, 3, 4, 5], wire.ReceiveAtRight(6).Select(datagram => datagram.Bytes[0]));
        Assert.Equal(0, disabled);
    });

    private static void InNetworkWithAddresses(Action test) => PrivateNetwork.Run(() =>
    {
        PrivateNetwork.AddToLoopback("2001:db8::1");
        PrivateNetwork.AddToLoopback("2001:db8::2");
        test();
    });
}
