using WgNet.Device;
using WgNet.Tun;
using WgNet.Udp;
using WgNet.Unit.Fakes;
using WgNet.Unit.Tun;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

/// <summary>Which thread of a device reads its interface: seen by the name of the one that does.</summary>
public sealed class WatcherTests : IDisposable
{
    private const int LeastOfBurst = 8;

    // A full batch of super-packets.
    private const int SuperPackets = 3, Segments = 60, SegmentSize = 1000;

    private static readonly byte[] Small = Packet("2001:db8::a", "2001:db8::b");

    private readonly End _right = new();
    private readonly End _left;
    private volatile string? _reader;
    private volatile int _more;
    private volatile bool _waits;
    private int _rests;

    public WatcherTests()
    {
        _left = new End(openSockets: (port, mark) => new HeldSockets(UdpSockets.Open(port, mark), _ => { })
        {
            SendingBatch = batch => batch.Waits += _waits ? 1 : 0,
        });
        foreach ((End end, End other) in ((End, End)[])[(_left, _right), (_right, _left)])
        {
            end.Know(other, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));
        }

        _left.Tun.Resting = () => Interlocked.Increment(ref _rests);
        _left.Tun.Reading = _ =>
        {
            _reader = Thread.CurrentThread.Name;
            for (; _more > 0; _more--)
            {
                _left.Tun.Send(Small);
            }
        };
        Assert.True(SpinWait.SpinUntil(() => Carry() == "inbound", Soon));
    }

    [Fact]
    public void LonePackets_StayWithTheInboundWorker() => Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal("inbound", Carry()));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Watcher_ThatEnds_IsFollowedByTheOutboundWorkerAndThenTheNext(bool byWorkers)
    {
        if (byWorkers)
        {
            _left.SetWorkers(3);
        }
        else
        {
            _left.Device.Apply(new DeviceUpdate { ListenPort = 0 });
        }

        Assert.Equal("outbound", Carry());
        Assert.True(SpinWait.SpinUntil(() => Carry() == "inbound", Soon));
    }

    [Fact]
    public void Interface_DeletedWhileItIsWatched_ClosesTheDevice()
    {
        using var closed = new ManualResetEventSlim();
        _left.Device.Closed += closed.Set;

        _left.Tun.Close();

        Assert.True(closed.Wait(Soon));
    }

    [Fact]
    public void Interface_ThatSeemsReadableAndIsNot_GoesToTheOutboundWorker()
    {
        _left.Tun.SeemReadable();
        Assert.True(SpinWait.SpinUntil(() => _reader == "outbound", Soon));
        Assert.Equal("outbound", Carry());
    }

    /// <summary>A stream's acknowledgements need no thread of their own where there is one worker a direction.</summary>
    [Theory]
    [InlineData(1, true, false, "inbound")]
    [InlineData(1, false, true, "inbound")]
    [InlineData(1, true, true, "outbound")]
    [InlineData(2, true, false, "outbound")]
    [InlineData(2, false, true, "outbound")]
    public void Much_OneWayAndBothWays_LeavesOrGivesTheInterface(int workers, bool isReceived, bool isSent, string reader)
    {
        if (workers > 1)
        {
            _left.SetWorkers(workers);
            Assert.True(SpinWait.SpinUntil(() => Carry() == "inbound", Soon));
        }

        // Right behind each other: a machine that stops for a moment makes two streams of it, one after the other.
        Assert.True(SpinWait.SpinUntil(Happens, Soon));

        bool Happens()
        {
            if (isReceived)
            {
                SendMuch(_right.Tun);
                Drain(_left.Tun);
            }

            if (isSent)
            {
                SendMuch(_left.Tun);
                Drain(_right.Tun);
            }

            return Carry() == reader;
        }
    }

    [Fact]
    public void Burst_GivesTheInterfaceToTheOutboundWorker_WithoutARest()
    {
        _more = LeastOfBurst;
        Carry(1 + LeastOfBurst);

        Assert.Equal(("outbound", 0), (Carry(), _rests));
    }

    [Fact]
    public void FullSocketBuffer_GivesTheInterfaceToTheOutboundWorker()
    {
        _waits = true;
        Carry();
        _waits = false;

        Assert.Equal("outbound", Carry());
    }

    public void Dispose()
    {
        _left.Dispose();
        _right.Dispose();
    }

    private static void SendMuch(MemoryTun tun)
    {
        var header = new VirtioNetHeader { Flags = VirtioNetHeader.NeedsChecksum, GsoType = VirtioNetHeader.GsoTcpV6, GsoSize = SegmentSize, ChecksumStart = 40, ChecksumOffset = 16 };
        byte[] packet = new PacketSpec { IPv6 = true, Payload = new byte[Segments * SegmentSize] }.Build();
        for (int i = 0; i < SuperPackets; i++)
        {
            tun.Send(header, packet);
        }
    }

    private static void Drain(MemoryTun tun)
    {
        for (int i = 0; i < SuperPackets * Segments; i++)
        {
            Assert.NotNull(tun.Receive(Soon));
        }
    }

    /// <summary>Carries one packet, or so many, and says who read it.</summary>
    private string? Carry(int count = 1)
    {
        _left.Tun.Send(Small);
        for (int i = 0; i < count; i++)
        {
            Assert.NotNull(_right.Tun.Receive(Soon));
        }

        return _reader;
    }
}
