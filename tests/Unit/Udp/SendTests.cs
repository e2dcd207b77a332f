using System.Net;
using WgNet.Linux;
using WgNet.Udp;
using Xunit;

namespace WgNet.Unit.Udp;

public sealed class SendTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Send_RunOfEqualDatagrams_ArrivesJoinedAndWhole(bool isIPv4)
    {
        using var wire = new Wire();
        Endpoint right = wire.ToRight(isIPv4);
        for (byte i = 0; i < 40; i++)
        {
            wire.Append(right, 1452, i);
        }

        wire.Append(right, 700, 40);
        Assert.Equal(1, wire.Out.Count);
        Assert.Equal(0, wire.Left.Send(wire.Out));
        Assert.True(wire.Out.IsEmpty);

        List<Wire.Received> received = wire.ReceiveAtRight(41);
        AssertInOrder(received, i => i < 40 ? 1452 : 700);
        Assert.Contains(received, datagram => datagram.WasJoined);
    }

    [Theory]
    [InlineData(65508)]
    [InlineData(70000)]
    public void Send_SingleDatagramLongerThanUdpCarries_IsRefused(int length)
    {
        using var wire = new Wire();
        Assert.Equal(Errno.EMSGSIZE, wire.Left.Send(wire.ToRight(isIPv4: true), new byte[length], ecn: 0));

        Assert.Equal(0, wire.Left.Send(wire.ToRight(isIPv4: true), [7], ecn: 0));
        Assert.Equal([7], Assert.Single(wire.ReceiveAtRight(1)).Bytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Send_WithoutOffload_ArrivesInTheSameOrder(bool isIPv4)
    {
        var plain = new UdpOptions { Offload = false };
        using var wire = new Wire(plain, plain);
        Endpoint right = wire.ToRight(isIPv4);
        for (byte i = 0; i < 100; i++)
        {
            wire.Append(right, i % 7 == 6 ? 300 : 1000, i);
        }

        Assert.Equal(0, wire.Left.Send(wire.Out));
        List<Wire.Received> received = wire.ReceiveAtRight(100);
        AssertInOrder(received, i => i % 7 == 6 ? 300 : 1000);
        Assert.DoesNotContain(received, datagram => datagram.WasJoined);
    }

    [Theory]
    [InlineData(Errno.EIO, 1)]
    [InlineData(Errno.EINVAL, 0)]
    public void Send_KernelRefusesToSplit_NothingIsLostAndOrderIsKept(int errno, int disabled)
    {
        using var wire = new Wire(new UdpOptions { SegmentationErrno = errno });
        var reported = new List<int>();
        wire.Left.SegmentationDisabled += reported.Add;
        Endpoint right = wire.ToRight(isIPv4: true);
        wire.Append(right, 100, 0);
        for (byte i = 1; i < 30; i++)
        {
            wire.Append(right, 1200, i);
        }

        wire.Append(right, 1300, 30);
        wire.Append(right, 1300, 31);
        Assert.Equal(3, wire.Out.Count);
        Assert.Equal(0, wire.Left.Send(wire.Out));

        AssertInOrder(wire.ReceiveAtRight(32), i => i == 0 ? 100 : i < 30 ? 1200 : 1300);
        Assert.Equal(disabled, reported.Count);
        Assert.All(reported, reason => Assert.Equal(errno, reason));
    }

    [Fact]
    public void Send_ManyEndpointsOfBothFamilies_EachGetsItsOwnInOrder()
    {
        using var wire = new Wire();
        using var other = new Wire();
        Endpoint[] ends = [wire.ToRight(isIPv4: true), other.ToRight(isIPv4: false), wire.ToRight(isIPv4: false)];
        for (byte i = 0; i < 60; i++)
        {
            wire.Append(ends[i % 3], 200 + i, i);
        }

        Assert.Equal(0, wire.Left.Send(wire.Out));
        List<Wire.Received> atOther = other.ReceiveAtRight(20);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (byte)((3 * i) + 1)), atOther.Select(datagram => datagram.Bytes[0]));
        List<Wire.Received> atRight = wire.ReceiveAtRight(40);
        foreach (bool isIPv4 in new[] { true, false })
        {
            IEnumerable<byte> values = atRight.Where(datagram => datagram.From.IsIPv4 == isIPv4).Select(datagram => datagram.Bytes[0]);
            Assert.Equal(Enumerable.Range(0, 20).Select(i => (byte)((3 * i) + (isIPv4 ? 0 : 2))), values);
        }
    }

    [Fact]
    public void Send_OneEntryIsRefused_OthersArriveAndItIsCounted()
    {
        using var wire = new Wire();
        Endpoint right = wire.ToRight(isIPv4: true);
        wire.Append(right, 10, 0);
        wire.Append(new Endpoint(IPAddress.Parse("255.255.255.255"), 9), 10, 99); // needs SO_BROADCAST
        wire.Append(right, 10, 1);
        Assert.Equal(1, wire.Left.Send(wire.Out));
        AssertInOrder(wire.ReceiveAtRight(2), _ => 10);
        Assert.Equal(1, wire.Left.Refused);
    }

    [Fact]
    public void Send_DatagramLongerThanUdpAllows_IsRefusedAndOthersArrive()
    {
        using var wire = new Wire();
        Endpoint right = wire.ToRight(isIPv4: true);
        wire.Append(right, 65508, 99);
        wire.Append(right, 65507, 0);
        Assert.Equal(1, wire.Left.Send(wire.Out));
        AssertInOrder(wire.ReceiveAtRight(1), _ => 65507);
    }

    [Fact]
    public void Send_SingleDatagram_ReportsErrno()
    {
        using var wire = new Wire();
        Assert.Equal(0, wire.Left.Send(wire.ToRight(isIPv4: false), [1, 2, 3], ecn: 0));
        Assert.Equal([1, 2, 3], wire.ReceiveAtRight(1)[0].Bytes);
        Assert.Equal(Errno.EACCES, wire.Left.Send(new Endpoint(IPAddress.Broadcast, 9), [1], ecn: 0));
    }

    [Fact]
    public void Send_AfterDispose_IsRefused()
    {
        using var wire = new Wire();
        wire.Append(wire.ToRight(isIPv4: true), 10, 0);
        wire.Left.Dispose();
        Assert.Equal(1, wire.Left.Send(wire.Out));
        Assert.Equal(Errno.EBADF, wire.Left.Send(wire.ToRight(isIPv4: true), [1], ecn: 0));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Send_Ecn_IsCarriedAndKeepsRunsApart(bool isIPv4)
    {
        using var wire = new Wire();
        Endpoint right = wire.ToRight(isIPv4);
        for (byte ecn = 0; ecn < 4; ecn++)
        {
            wire.Append(right, 500, ecn, ecn);
            wire.Append(right, 500, ecn, ecn);
        }

        Assert.Equal(4, wire.Out.Count);
        Assert.Equal(0, wire.Left.Send(wire.Out));
        Assert.All(wire.ReceiveAtRight(8), datagram => Assert.Equal(datagram.Bytes[0], datagram.Ecn));
    }

    private static void AssertInOrder(List<Wire.Received> received, Func<int, int> length)
    {
        for (int i = 0; i < received.Count; i++)
        {
            Assert.Equal(length(i), received[i].Bytes.Length);
            Assert.All(received[i].Bytes, value => Assert.Equal(i, value));
        }
    }
}
