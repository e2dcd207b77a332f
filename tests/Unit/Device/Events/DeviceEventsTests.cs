using WgNet.Device;
using WgNet.Device.Events;
using WgNet.Learning;
using WgNet.Routing;
using WgNet.Udp;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device.Events;

/// <summary>What is told, how often, and that it costs nothing while nobody listens.</summary>
public sealed class DeviceEventsTests
{
    private const long Second = 1_000_000_000;

    private static readonly byte[] InsidePacket = Packet("2001:db8::5", "2001:db8::1");

    private readonly List<long> _wakes = [];
    private readonly DeviceEvents _events;
    private readonly Peer _peer = SamplePeer.New(1);
    private readonly Peer _owner = SamplePeer.New(2);

    public DeviceEventsTests() => _events = new DeviceEvents(wakeBy: due =>
    {
        lock (_wakes)
        {
            _wakes.Add(due);
        }
    });

    [Theory]
    [InlineData(LearnedEnd.Expired, DeviceEventKind.Expired, null)]
    [InlineData(LearnedEnd.Evicted, DeviceEventKind.Evicted, null)]
    [InlineData(LearnedEnd.Forgotten, DeviceEventKind.Forgotten, null)]
    [InlineData(LearnedEnd.Contradicted, DeviceEventKind.Contradicted, "configuration")]
    [InlineData(LearnedEnd.PeerRemoved, DeviceEventKind.Contradicted, "peer_removed")]
    public void Ended_ForEachReason_IsToldAsItsKind(LearnedEnd why, DeviceEventKind kind, string? reason)
    {
        using EventSubscription subscription = _events.Subscribe()!;
        _events.Ended(_peer, Address("2001:db8::5"), why);
        Assert.True(subscription.TryRead(out DeviceEvent? told));
        Assert.Equal((kind, _peer.Session.RemoteStatic, "2001:db8::5", reason), (told.Kind, told.Peer, told.Address?.ToString(), told.Reason));
        Assert.InRange(told.WallTime, 1, long.MaxValue);
    }

    [Fact]
    public void Refused_WithEveryPacket_IsToldOnceInTenSecondsWithItsCount()
    {
        using EventSubscription subscription = _events.Subscribe()!;
        for (int i = 0; i < 1000; i++)
        {
            Refuse(_peer, SourceVerdict.NotAllowed, i * Second / 100);
        }

        Assert.Equal(1, Next(subscription)?.Number);
        Assert.Equal(10 * Second, _events.TellHeld((10 * Second) - 1));
        Assert.Null(Next(subscription));

        // At the end of the ten seconds, whatever comes or does not come then.
        Assert.Equal(long.MaxValue, _events.TellHeld(10 * Second));
        Assert.Equal((999, "not_allowed", "2001:db8::5"), Next(subscription) is { } told ? (told.Number, told.Reason, told.Address?.ToString()) : default);

        // Nothing for a while, and one more, which is no news for ten seconds after those.
        Refuse(_peer, SourceVerdict.NotAllowed, (20 * Second) - 1);
        Assert.Null(Next(subscription));
        _ = _events.TellHeld(20 * Second);
        Assert.Equal(1, Next(subscription)?.Number);
        Refuse(_peer, SourceVerdict.NotAllowed, 30 * Second);
        Assert.Equal(1, Next(subscription)?.Number);
        Assert.Equal([10 * Second, 20 * Second], _wakes);
    }

    [Fact]
    public void Refused_Once_HoldsNothingBackAndWakesNobody()
    {
        using EventSubscription subscription = _events.Subscribe()!;
        Refuse(_peer, SourceVerdict.NotAllowed, 0);
        Refuse(_peer, SourceVerdict.NotLearnable, 0);
        Refuse(_owner, SourceVerdict.NotAllowed, 0);
        Refuse(_peer, SourceVerdict.NotAllowed, 10 * Second);
        Assert.Equal(long.MaxValue, _events.TellHeld(100 * Second));
        Assert.Empty(_wakes);
    }

    [Fact]
    public void Held_OfAPeerThatIsRemoved_IsToldBeforeThat()
    {
        using EventSubscription subscription = _events.Subscribe()!;
        for (int i = 0; i < 3; i++)
        {
            Refuse(_peer, SourceVerdict.LearnLimited, i);
        }

        _events.PeerRemoved(_peer);
        Assert.Equal(1, Next(subscription)?.Number);
        Assert.Equal(("learn_limited", 2), Next(subscription) is { } held ? (held.Reason, held.Number) : default);
        Assert.Equal(DeviceEventKind.PeerRemoved, Next(subscription)?.Kind);
        Assert.Equal(long.MaxValue, _events.TellHeld(10 * Second));
        Assert.Null(Next(subscription));
    }

    [Fact]
    public void Held_OfSeveralPeers_AreToldEachInItsTime()
    {
        using EventSubscription subscription = _events.Subscribe()!;
        foreach ((Peer peer, long at) in ((Peer, long)[])[(_peer, 0), (_owner, 3 * Second)])
        {
            Refuse(peer, SourceVerdict.NotAllowed, at);
            Refuse(peer, SourceVerdict.NotAllowed, at);
            _ = Next(subscription);
        }

        Assert.Equal(13 * Second, _events.TellHeld(10 * Second));
        Assert.Equal(_peer.Session.RemoteStatic, Next(subscription)?.Peer);
        Assert.Null(Next(subscription));
        Assert.Equal(long.MaxValue, _events.TellHeld(13 * Second));
        Assert.Equal(_owner.Session.RemoteStatic, Next(subscription)?.Peer);
    }

    [Fact]
    public void Refused_ByManyThreads_IsToldToTheLast()
    {
        const int Threads = 4, Each = 200_000;
        using EventSubscription subscription = _events.Subscribe()!;
        Refuse(_peer, SourceVerdict.NotAllowed, 0);
        long now = 1, told = 0;
        bool isOver = false;
        var teller = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                _ = _events.TellHeld(Volatile.Read(ref now));
                while (Next(subscription) is { } next)
                {
                    told += next.Number!.Value;
                }
            }
        });
        teller.Start();
        Parallel.For(0, Threads, _ =>
        {
            for (int i = 0; i < Each; i++)
            {
                Refuse(_peer, SourceVerdict.NotAllowed, Interlocked.Add(ref now, Second / 1000));
            }
        });
        Volatile.Write(ref isOver, true);
        teller.Join();
        while (_events.TellHeld(long.MaxValue / 2) is var due && Next(subscription) is { } last)
        {
            told += last.Number!.Value;
            Assert.Equal(long.MaxValue, due);
        }

        Assert.Equal((Threads * Each) + 1, told);
    }

    [Fact]
    public void Refused_OtherReasonAndOtherPeer_AreToldBeside()
    {
        using EventSubscription subscription = _events.Subscribe()!;
        Refuse(_peer, SourceVerdict.LearnRateLimited, 0);
        Refuse(_peer, SourceVerdict.LearnLimited, 0);
        Refuse(_peer, SourceVerdict.NotLearnable, 0);
        Refuse(_owner, SourceVerdict.NotLearnable, 0);
        Assert.Equal("learn_rate_limited", Next(subscription)?.Reason);
        Assert.Equal("learn_limited", Next(subscription)?.Reason);
        Assert.Equal(("not_learnable", _peer.Session.RemoteStatic), Next(subscription) is { } first ? (first.Reason, first.Peer) : default);
        Assert.Equal(("not_learnable", _owner.Session.RemoteStatic), Next(subscription) is { } second ? (second.Reason, second.Peer) : default);
    }

    [Fact]
    public void Refused_ByConflict_NamesBothPeers()
    {
        using EventSubscription subscription = _events.Subscribe()!;
        Refuse(_peer, SourceVerdict.Conflict, 0, _owner);
        DeviceEvent? told = Next(subscription);
        Assert.Equal((DeviceEventKind.Conflict, _peer.Session.RemoteStatic, _owner.Session.RemoteStatic), (told!.Kind, told.Peer, told.Owner));
        Assert.Equal(("2001:db8::5", null, 1L), (told.Address?.ToString(), told.Reason, told.Number));
    }

    [Fact]
    public void Refused_IPv4Source_IsToldAsSuch()
    {
        using EventSubscription subscription = _events.Subscribe()!;
        byte[] packet = new byte[20];
        packet[0] = 0x45;
        packet[3] = 20;
        packet[12] = 10;
        packet[15] = 7;
        Assert.True(IpPacket.TryParse(packet, out IpPacket header));
        _events.Refused(_peer, SourceVerdict.NotAllowed, header, owner: null, 0);
        Assert.Equal("10.0.0.7", Next(subscription)?.Address?.ToString());
    }

    [Fact]
    public void Roamed_WithEveryPacket_IsToldOnceInTenSecondsButAConfiguredEndpointAlways()
    {
        using EventSubscription subscription = _events.Subscribe()!;
        Assert.True(Endpoint.TryParse("192.0.2.1:1", out Endpoint? endpoint));
        _events.Roamed(_peer, endpoint, isFirst: true, 0);
        Assert.Equal(1, Next(subscription)?.Number);
        _events.Roamed(_peer, endpoint, isFirst: false, 0);
        _events.Roamed(_peer, endpoint, isFirst: false, 1);
        _events.Roamed(_peer, endpoint, isFirst: false, 2);
        _events.EndpointConfigured(_peer, endpoint);
        Assert.Equal(("packet", 1), Next(subscription) is { } roamed ? (roamed.Reason, roamed.Number) : default);
        Assert.Equal(("configuration", null), Next(subscription) is { } configured ? (configured.Reason, configured.Number) : default);
        Assert.Null(Next(subscription));

        // Where it is by then.
        Assert.True(Endpoint.TryParse("192.0.2.9:9", out Endpoint? latest));
        _peer.Endpoint = latest;
        _ = _events.TellHeld(10 * Second);
        Assert.Equal(("packet", 2, latest), Next(subscription) is { } held ? (held.Reason, held.Number, held.Endpoint) : default);
    }

    [Fact]
    public void Counts_OfAnEarlierSubscriber_AreNothingToALaterOne()
    {
        using (EventSubscription earlier = _events.Subscribe()!)
        {
            Refuse(_peer, SourceVerdict.NotAllowed, 0);
            Refuse(_peer, SourceVerdict.NotAllowed, 1);
        }

        Refuse(_peer, SourceVerdict.NotAllowed, 2);
        using EventSubscription later = _events.Subscribe()!;
        Refuse(_peer, SourceVerdict.NotAllowed, 3);
        Assert.Equal(1, Next(later)?.Number);
        _ = _events.TellHeld(20 * Second);
        Assert.Null(Next(later));
    }

    [Fact]
    public void Everything_WithNobodySubscribed_AllocatesNothing()
    {
        Assert.True(Endpoint.TryParse("192.0.2.1:1", out Endpoint? endpoint));
        TellAll(endpoint);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            TellAll(endpoint);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private void TellAll(Endpoint endpoint)
    {
        _events.Began(_peer, 1, isRestored: false);
        _events.Ended(_peer, 1, LearnedEnd.Expired);
        Refuse(_peer, SourceVerdict.Conflict, 0, _owner);
        _events.Roamed(_peer, endpoint, isFirst: true, 0);
        _events.HandshakeCompleted(_peer, isInitiator: false);
        _events.PeerAdded(_peer);
        _events.PeerRemoved(_peer);
        _events.AllowedIpsChanged(_peer, 1);
        _events.Pinned(_peer, 1);
    }

    private void Refuse(Peer peer, SourceVerdict verdict, long now, Peer? owner = null)
    {
        Assert.True(IpPacket.TryParse(InsidePacket, out IpPacket header));
        _events.Refused(peer, verdict, header, owner, now);
    }

    private static DeviceEvent? Next(EventSubscription subscription) => subscription.TryRead(out DeviceEvent? next) ? next : null;
}
