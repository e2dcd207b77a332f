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

    private readonly DeviceEvents _events = new();
    private readonly Peer _peer = SamplePeer.New(1);
    private readonly Peer _owner = SamplePeer.New(2);

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
        Assert.Null(Next(subscription));
        Refuse(_peer, SourceVerdict.NotAllowed, 10 * Second);
        Assert.Equal((1000, "not_allowed"), Next(subscription) is { } told ? (told.Number, told.Reason) : default);
        Refuse(_peer, SourceVerdict.NotAllowed, (20 * Second) - 1);
        Assert.Null(Next(subscription));
        Refuse(_peer, SourceVerdict.NotAllowed, 20 * Second);
        Assert.Equal(2, Next(subscription)?.Number);
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
        _events.EndpointConfigured(_peer, endpoint);
        Assert.Equal(("packet", 1), Next(subscription) is { } roamed ? (roamed.Reason, roamed.Number) : default);
        Assert.Equal(("configuration", null), Next(subscription) is { } configured ? (configured.Reason, configured.Number) : default);
        Assert.Null(Next(subscription));
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
