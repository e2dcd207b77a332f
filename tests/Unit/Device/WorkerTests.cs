using System.Buffers.Binary;
using WgNet.Device;
using WgNet.Tun;
using WgNet.Unit.Tun;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

/// <summary>Several workers on one flow: super-packets whose segments are numbered, so many under way that the workers have to share them.</summary>
public sealed class WorkerTests
{
    private const int SegmentSize = 1000;
    private const int SegmentsEach = 60;

    // Less than a socket holds: nothing is lost, so everything must arrive.
    private const int MostUnderWay = 20;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Flow_ThroughSeveralWorkers_KeepsItsOrder(int workers)
    {
        using TunnelPair tunnel = Connected(workers);

        Transfer(tunnel, superPackets: 1000, _ => { });

        // The inbound worker that watches the interface while little comes is one more.
        Assert.InRange(tunnel.Left.Tun.Readers, Math.Min(workers, 2), workers + 1);
        Assert.InRange(tunnel.Right.Tun.Writers, Math.Min(workers, 2), workers);
    }

    /// <summary>
    /// Lone packets, for which the inbound worker watches the interface, and right behind them so many super-packets that the outbound
    /// workers take over, at both ends and over and over.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Flow_WhoseLoadComesAndGoes_KeepsItsOrder(int workers)
    {
        using TunnelPair tunnel = Connected(workers);
        var readers = new HashSet<string>(StringComparer.Ordinal);
        tunnel.Left.Tun.Reading = _ =>
        {
            lock (readers)
            {
                readers.Add(Thread.CurrentThread.Name!);
            }
        };
        int sent = 0;
        for (int round = 0; round < 10; round++)
        {
            int begin = sent;
            Thread.Sleep(TimeSpan.FromMilliseconds(110));
            for (int i = 0; i < 5; i++)
            {
                SendSuperPacket(tunnel, sent++, segments: 1);
                Thread.Sleep(1);
            }

            for (int i = 0; i < MostUnderWay; i++)
            {
                SendSuperPacket(tunnel, sent, SegmentsEach);
                sent += SegmentsEach;
            }

            for (; begin < sent; begin++)
            {
                byte[]? packet = tunnel.Right.Tun.Receive(Soon);
                Assert.NotNull(packet);
                Assert.Equal(begin, BinaryPrimitives.ReadInt32BigEndian(packet.AsSpan(60)));
            }
        }

        // One worker a direction carries a stream one way without the other's.
        Assert.Equal(workers > 1 ? ["inbound", "outbound"] : ["inbound"], readers.Order());
    }

    /// <summary>Full batches with a few packets right behind them, some thousands of times, where that is all the calm it takes to hand over.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Flow_HandedOverAllTheTime_KeepsItsOrder(int workers)
    {
        using TunnelPair tunnel = Connected(workers, calm: TimeSpan.FromMicroseconds(300));
        var random = new Random(workers);
        int sent = 0, received = 0;
        for (int round = 0; round < 1500; round++)
        {
            int large = random.Next(4) == 0 ? 0 : 2;
            for (int i = large + random.Next(1, 5); i > 0; i--)
            {
                int segments = large-- > 0 ? SegmentsEach : 1;
                SendSuperPacket(tunnel, sent, segments);
                sent += segments;
                Thread.SpinWait(random.Next(2) * random.Next(4000));
            }

            for (; received < sent; received++)
            {
                byte[]? packet = tunnel.Right.Tun.Receive(Soon);
                Assert.NotNull(packet);
                Assert.Equal(received, BinaryPrimitives.ReadInt32BigEndian(packet.AsSpan(60)));
            }

            Thread.Sleep(random.Next(2));
        }
    }

    [Fact]
    public void Workers_ChangedWhileRunning_LoseAndReorderNothing()
    {
        using TunnelPair tunnel = Connected(workers: 1);

        Transfer(tunnel, superPackets: 1000, sent =>
        {
            if (sent % 50 == 0)
            {
                tunnel.Left.SetWorkers(1 + (sent / 50 % 4));
                tunnel.Right.SetWorkers(4 - (sent / 50 % 4));
            }
        });

        Assert.Equal((1, 4), (tunnel.Left.Device.Snapshot().Workers, tunnel.Right.Device.Snapshot().Workers));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Shutdown_UnderLoad_Ends(int workers)
    {
        for (int round = 0; round < 10; round++)
        {
            TunnelPair tunnel = Connected(workers);
            for (int i = 0; i < 50; i++)
            {
                SendSuperPacket(tunnel, i);
            }

            Assert.NotNull(tunnel.Right.Tun.Receive(Soon));
            var end = new Thread(tunnel.Dispose) { IsBackground = true };
            end.Start();
            Assert.True(end.Join(Soon));
        }
    }

    [Fact]
    public void Link_DownAndUpAndOtherPort_UnderLoad_GoesOn()
    {
        using TunnelPair tunnel = Connected(workers: 3);
        for (int i = 0; i < 100; i++)
        {
            SendSuperPacket(tunnel, i);
            if (i % 10 == 0)
            {
                tunnel.Left.Device.Apply(new DeviceUpdate { ListenPort = 0 });
            }
            else if (i % 25 == 5)
            {
                tunnel.Left.Device.LinkChanged(new LinkState(Up: false, Mtu: 1420, []));
                tunnel.Left.Device.LinkChanged(new LinkState(Up: true, Mtu: 1420, []));
            }
        }

        byte[] last = Packet("2001:db8::a", "2001:db8::b", payload: 7);
        tunnel.Left.Tun.Send(last);
        byte[]? received;
        do
        {
            received = tunnel.Right.Tun.Receive(Soon);
            Assert.NotNull(received);
        }
        while (!received.SequenceEqual(last));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(WorkerCount.Most + 1)]
    public void Apply_WorkersOutOfRange_IsRefused(int count)
    {
        using var end = new TunnelPair.End();

        var refused = Assert.Throws<ConfigurationException>(() => end.SetWorkers(count));

        Assert.Contains("1 to 7", refused.Message, StringComparison.Ordinal);
        Assert.Equal(WorkerCount.Automatic, end.Device.Snapshot().Workers);
    }

    private static TunnelPair Connected(int workers, TimeSpan? calm = null)
    {
        var tunnel = new TunnelPair(peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)), calm: calm);
        tunnel.Left.SetWorkers(workers);
        tunnel.Right.SetWorkers(workers);
        tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));
        return tunnel;
    }

    private static void Transfer(TunnelPair tunnel, int superPackets, Action<int> afterSending)
    {
        int received = 0;
        for (int sent = 0; received < superPackets * SegmentsEach;)
        {
            for (; sent < superPackets && sent < (received / SegmentsEach) + MostUnderWay; afterSending(++sent))
            {
                SendSuperPacket(tunnel, sent);
            }

            byte[]? packet = tunnel.Right.Tun.Receive(Soon);
            Assert.NotNull(packet);
            Assert.Equal(received++, BinaryPrimitives.ReadInt32BigEndian(packet.AsSpan(60)));
        }
    }

    // Segment by segment, its number first.
    private static void SendSuperPacket(TunnelPair tunnel, int number) => SendSuperPacket(tunnel, number * SegmentsEach, SegmentsEach);

    private static void SendSuperPacket(TunnelPair tunnel, int first, int segments)
    {
        byte[] payload = new byte[segments * SegmentSize];
        for (int i = 0; i < segments; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(i * SegmentSize), first + i);
        }

        var header = new VirtioNetHeader { Flags = VirtioNetHeader.NeedsChecksum, GsoType = VirtioNetHeader.GsoTcpV6, GsoSize = SegmentSize, ChecksumStart = 40, ChecksumOffset = 16 };
        tunnel.Left.Tun.Send(header, new PacketSpec { IPv6 = true, Payload = payload }.Build());
    }
}
