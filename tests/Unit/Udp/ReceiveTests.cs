using System.Net;
using System.Net.Sockets;
using WgNet.Linux;
using WgNet.Udp;
using Xunit;

namespace WgNet.Unit.Udp;

public sealed class ReceiveTests
{
    [Fact]
    public void Receive_WokenBefore_ReturnsZeroOnceAndThenData()
    {
        using var wire = new Wire();
        wire.Right.Wake();
        wire.Right.Wake();
        Assert.Equal(0, wire.Right.Receive(wire.In));
        Assert.Equal(0, wire.Left.Send(wire.ToRight(isIPv4: true), [7], ecn: 0));
        Assert.Equal([7], wire.ReceiveAtRight(1)[0].Bytes);
    }

    [Fact]
    public void Receive_WokenWhileItSleeps_ReturnsZero()
    {
        using var wire = new Wire();
        int received = -1;
        var thread = new Thread(() => received = wire.Right.Receive(wire.In));
        thread.Start();
        Assert.False(thread.Join(50));
        wire.Right.Wake();
        Assert.True(thread.Join(10_000));
        Assert.Equal(0, received);
    }

    [Fact]
    public void Receive_WithADescriptorBeside_SleepsUntilEitherHasSomething()
    {
        using var wire = new Wire();
        using var beside = new EventFd();
        int received = 0;
        var thread = new Thread(() => received = wire.Right.Receive(wire.In, beside.Fd));
        thread.Start();
        Assert.False(thread.Join(50));
        beside.Signal();
        Assert.True(thread.Join(10_000));
        Assert.Equal(IUdpSockets.BesideIsReady, received);

        beside.Drain();
        Assert.Equal(0, wire.Left.Send(wire.ToRight(isIPv4: false), [7], ecn: 0));
        Assert.Equal(1, wire.Right.Receive(wire.In, beside.Fd));
        wire.Right.Wake();
        Assert.Equal(0, wire.Right.Receive(wire.In, beside.Fd));
    }

    /// <summary>None of three, both families and what is beside them, waits for the others to run dry.</summary>
    [Fact]
    public void Receive_WithADescriptorBeside_HearsAll()
    {
        using var wire = new Wire(right: new UdpOptions { Offload = false });
        using var beside = new EventFd();
        using var one = new ReceiveBatch(capacity: 1);
        beside.Signal();
        for (int i = 0; i < 30; i++)
        {
            wire.Left.Send(wire.ToRight(isIPv4: true), [4], ecn: 0);
            wire.Left.Send(wire.ToRight(isIPv4: false), [6], ecn: 0);
        }

        var heard = new List<string>();
        for (int i = 0; i < 60; i++)
        {
            heard.Add(wire.Right.Receive(one, beside.Fd) switch
            {
                IUdpSockets.BesideIsReady => "beside",
                1 => one.EndpointOf(0).IsIPv4 ? "IPv4" : "IPv6",
                int other => $"{other}",
            });
        }

        Assert.Equal(["IPv4", "IPv6", "beside"], heard.Distinct().Order());
        Assert.All(heard.GroupBy(who => who), who => Assert.InRange(who.Count(), 15, 30));

        // And nothing of it once nobody asks.
        beside.Drain();
        Assert.Equal(1, wire.Right.Receive(one));
    }

    /// <summary>Datagrams that are passed over do not count as received, and must not be gone through before anything else is looked at.</summary>
    [Fact]
    public void Receive_FloodOfEmptyDatagrams_HearsWhatIsBeside()
    {
        using var wire = new Wire(right: new UdpOptions { Offload = false });
        using var beside = new EventFd();
        using var one = new ReceiveBatch(capacity: 1);
        beside.Signal();
        using var anybody = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        for (int i = 0; i < 30; i++)
        {
            anybody.SendTo([], new IPEndPoint(IPAddress.Loopback, wire.Right.Port));
        }

        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(IUdpSockets.BesideIsReady, wire.Right.Receive(one, beside.Fd));
            Assert.InRange(wire.Right.Empty, 0, 2 * i);
        }
    }

    // Only the messages that the receive before wrote to are prepared again.
    [Fact]
    public void Receive_FewAfterManyInTurns_EachHasItsSenderAndLength()
    {
        using var wire = new Wire(right: new UdpOptions { Offload = false });
        byte value = 0;
        foreach (int count in (int[])[5, 1, 9, 2, 16, 1, 16])
        {
            bool isIPv4 = value % 2 == 0;
            for (int i = 0; i < count; i++)
            {
                wire.Append(wire.ToRight(isIPv4), 100 + value + i, (byte)(value + i));
            }

            Assert.Equal(0, wire.Left.Send(wire.Out));
            List<Wire.Received> received = wire.ReceiveAtRight(count);
            Assert.All(received, datagram => Assert.Equal((isIPv4, wire.Left.Port), (datagram.From.IsIPv4, datagram.From.Port)));
            Assert.Equal(Enumerable.Range(value, count).Select(i => (100 + i, (byte)i)), received.Select(datagram => (datagram.Bytes.Length, datagram.Bytes[0])));
            value += (byte)count;
        }
    }

    [Fact]
    public void Receive_WokenUnderLoad_ReturnsZeroBeforeTheLoadEnds()
    {
        using var wire = new Wire(right: new UdpOptions { Offload = false });
        Endpoint right = wire.ToRight(isIPv4: true);
        for (int i = 0; i < 100; i++)
        {
            wire.Append(right, 100, 1);
        }

        wire.Left.Send(wire.Out);
        Assert.True(wire.Right.Receive(wire.In) > 0);
        wire.Right.Wake();
        Assert.Equal(0, wire.Right.Receive(wire.In));
        Assert.True(wire.Right.Receive(wire.In) > 0);
    }

    [Fact]
    public void Receive_OneFamilyNeverRunsDry_OtherIsHeard()
    {
        using var wire = new Wire(right: new UdpOptions { Offload = false });
        Endpoint loud = wire.ToRight(isIPv4: true);
        using var one = new ReceiveBatch(capacity: 1);
        wire.Left.Send(wire.ToRight(isIPv4: false), [6], ecn: 0);
        for (int receives = 1; ; receives++)
        {
            wire.Left.Send(loud, [4], ecn: 0);
            wire.Left.Send(loud, [4], ecn: 0);
            Assert.Equal(1, wire.Right.Receive(one));
            if (!one.EndpointOf(0).IsIPv4)
            {
                return;
            }

            Assert.InRange(receives, 1, 100);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Receive_EmptyDatagram_IsCountedAndPassedOver(bool isIPv4)
    {
        using var wire = new Wire();
        wire.Append(wire.ToRight(isIPv4), 0, 0);
        wire.Append(wire.ToRight(isIPv4), 0, 0);
        wire.Append(wire.ToRight(isIPv4), 5, 1);
        Assert.Equal(0, wire.Left.Send(wire.Out));
        Assert.Equal(5, wire.ReceiveAtRight(1)[0].Bytes.Length);
        Assert.Equal(2, wire.Right.Empty);
    }

    [Theory]
    [InlineData(true, 65507)]
    [InlineData(false, 65507)]
    [InlineData(false, 65527)]
    public void Receive_LongestDatagram_IsWhole(bool isIPv4, int length)
    {
        using var wire = new Wire();
        wire.Append(wire.ToRight(isIPv4), length, 9);
        Assert.Equal(0, wire.Left.Send(wire.Out));
        Wire.Received received = wire.ReceiveAtRight(1)[0];
        Assert.Equal(length, received.Bytes.Length);
        Assert.All(received.Bytes, value => Assert.Equal(9, value));
    }

    [Fact]
    public void Receive_PeersPortIsClosed_GoesOn()
    {
        using var wire = new Wire();
        ushort closed;
        using (UdpSockets gone = UdpSockets.Open(0, mark: 0))
        {
            closed = gone.Port;
        }

        for (int i = 0; i < 3; i++)
        {
            wire.Right.Send(new Endpoint(IPAddress.Loopback, closed), [1], ecn: 0);
            wire.Right.Send(new Endpoint(IPAddress.IPv6Loopback, closed), [1], ecn: 0);
        }

        Assert.Equal(0, wire.Left.Send(wire.ToRight(isIPv4: true), [1], ecn: 0));
        Assert.Equal(0, wire.Left.Send(wire.ToRight(isIPv4: false), [2], ecn: 0));
        Assert.Equal(2, wire.ReceiveAtRight(2).Count);
    }

    [Fact]
    public void Receive_AfterDispose_Throws()
    {
        using var wire = new Wire();
        wire.Right.Dispose();
        Assert.Throws<ObjectDisposedException>(() => wire.Right.Receive(wire.In));
    }

    [Fact]
    public void SendAndReceive_SteadyState_AllocateNothing()
    {
        using var wire = new Wire();
        Endpoint[] ends = [wire.ToRight(isIPv4: true), wire.ToRight(isIPv4: false)];
        Exchange(wire, ends);
        Endpoint from = wire.In.EndpointOf(0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool same = false;
        for (int i = 0; i < 100; i++)
        {
            Exchange(wire, ends);
            same |= wire.In.ComesFrom(0, from);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(same);
    }

    private static void Exchange(Wire wire, Endpoint[] ends)
    {
        foreach (Endpoint end in ends)
        {
            for (byte i = 0; i < 20; i++)
            {
                wire.Append(end, 1200, i, ecn: 1);
            }
        }

        wire.Left.Send(wire.Out);
        for (int bytes = 0; bytes < 2 * 20 * 1200;)
        {
            int count = wire.Right.Receive(wire.In);
            for (int i = 0; i < count; i++)
            {
                bytes += wire.In[i].Length;
            }
        }
    }
}
