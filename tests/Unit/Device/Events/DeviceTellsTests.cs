using WgNet.Device;
using WgNet.Device.Events;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device.Events;

/// <summary>Two devices that talk: each thing that happens is told, with the peer that it happened to.</summary>
public sealed class DeviceTellsTests
{
    [Fact]
    public void FirstPacket_FromANewAddress_TellsHandshakeAndAddress()
    {
        using var tunnel = new TunnelPair(Learnable);
        using var right = new EventLog(tunnel.Right.Device);
        using var left = new EventLog(tunnel.Left.Device);
        Send(tunnel.Left, tunnel.Right, "2001:db8::1234");

        DeviceEvent handshake = right.Next(DeviceEventKind.HandshakeCompleted);
        Assert.Equal((tunnel.Left.PublicKey, "answered"), (handshake.Peer!.Value, handshake.Reason));
        DeviceEvent learned = right.Next(DeviceEventKind.Learned);
        Assert.Equal((tunnel.Left.PublicKey, "2001:db8::1234", "packet"), (learned.Peer!.Value, learned.Address?.ToString(), learned.Reason));
        DeviceEvent initiated = left.Next(DeviceEventKind.HandshakeCompleted);
        Assert.Equal((tunnel.Right.PublicKey, "initiated"), (initiated.Peer!.Value, initiated.Reason));
        Assert.Equal(tunnel.Right.Device.Snapshot().ListenPort, initiated.Endpoint!.Port);
    }

    [Fact]
    public void LearnedAddress_ForgottenThenContradictedThenLostWithItsPeer_TellsEach()
    {
        using var tunnel = new TunnelPair(Learnable);
        using var log = new EventLog(tunnel.Right.Device);
        Send(tunnel.Left, tunnel.Right, "2001:db8::1234");
        var forget = new PeerUpdate(tunnel.Left.PublicKey);
        forget.ForgetLearned.Add(Address("2001:db8::1234"));
        tunnel.Right.Change(forget);
        Assert.Equal("2001:db8::1234", log.Next(DeviceEventKind.Forgotten).Address?.ToString());

        Send(tunnel.Left, tunnel.Right, "2001:db8::1234");
        tunnel.Right.Change(new PeerUpdate(tunnel.Left.PublicKey) { ReplaceLearnableIps = true });
        Assert.Equal("configuration", log.Next(DeviceEventKind.Contradicted).Reason);
        DeviceEvent changed = log.Next(DeviceEventKind.AllowedIpsChanged);
        Assert.Equal(("learnable_ips", 0L), (changed.Reason, changed.Number));

        var again = new PeerUpdate(tunnel.Left.PublicKey);
        Learnable(again);
        tunnel.Right.Change(again);
        Send(tunnel.Left, tunnel.Right, "2001:db8::1234");
        tunnel.Right.Change(new PeerUpdate(tunnel.Left.PublicKey) { Remove = true });
        Assert.Equal("peer_removed", log.Next(DeviceEventKind.Contradicted).Reason);
        Assert.Equal(tunnel.Left.PublicKey, log.Next(DeviceEventKind.PeerRemoved).Peer);
    }

    [Fact]
    public void LearnedAddress_SilentForItsTimeout_TellsThatItExpired()
    {
        using var tunnel = new TunnelPair(peer =>
        {
            Learnable(peer);
            peer.LearnTimeoutSeconds = 1;
        });
        using var log = new EventLog(tunnel.Right.Device);
        Send(tunnel.Left, tunnel.Right, "2001:db8::1234");
        Assert.Equal("2001:db8::1234", log.Next(DeviceEventKind.Expired).Address?.ToString());
    }

    [Fact]
    public void LearnedAddress_BeyondTheLimit_TellsWhichGaveWay()
    {
        using var tunnel = new TunnelPair(peer =>
        {
            Learnable(peer);
            peer.LearnLimit = 1;
        });
        using var log = new EventLog(tunnel.Right.Device);
        Send(tunnel.Left, tunnel.Right, "2001:db8::1");
        Send(tunnel.Left, tunnel.Right, "2001:db8::2");
        Assert.Equal("2001:db8::1", log.Next(DeviceEventKind.Evicted).Address?.ToString());
        Assert.Equal("2001:db8::2", log.Next(DeviceEventKind.Learned).Address?.ToString());
    }

    [Fact]
    public void ForgedSources_TellConflictWithBothKeysAndRefusalOnce()
    {
        using var tunnel = new TunnelPair(Learnable);
        using var third = new End();
        third.Know(tunnel.Right, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));
        tunnel.Right.Know(third, Learnable);
        using var log = new EventLog(tunnel.Right.Device);
        Send(tunnel.Left, tunnel.Right, "2001:db8::1234");
        for (int i = 0; i < 5; i++)
        {
            third.Tun.Send(Packet("2001:db8::1234", "2001:db8::b"));
            third.Tun.Send(Packet("2001:dead::1", "2001:db8::b"));
        }

        DeviceEvent conflict = log.Next(DeviceEventKind.Conflict);
        Assert.Equal((third.PublicKey, tunnel.Left.PublicKey, "2001:db8::1234"), (conflict.Peer!.Value, conflict.Owner!.Value, conflict.Address?.ToString()));
        DeviceEvent refused = log.Next(DeviceEventKind.Refused);
        Assert.Equal((third.PublicKey, "2001:dead::1", "not_allowed"), (refused.Peer!.Value, refused.Address?.ToString(), refused.Reason));
        Assert.True(SpinWait.SpinUntil(() => tunnel.Right.Drops(third, "not_allowed") == 5, Soon));
        Assert.DoesNotContain(log.Rest(), told => told.Kind is DeviceEventKind.Conflict or DeviceEventKind.Refused);
    }

    [Fact]
    public void Peer_ThatSendsFromAnotherPort_TellsItsEndpoint()
    {
        using var tunnel = new TunnelPair();
        Send(tunnel.Left, tunnel.Right, "2001:db8::a");
        using var log = new EventLog(tunnel.Right.Device);
        tunnel.Left.Device.Apply(new DeviceUpdate { ListenPort = 0 });
        Send(tunnel.Left, tunnel.Right, "2001:db8::a");
        DeviceEvent moved = log.Next(DeviceEventKind.EndpointChanged);
        Assert.Equal((tunnel.Left.PublicKey, "packet"), (moved.Peer!.Value, moved.Reason));
        Assert.Equal(tunnel.Left.Device.Snapshot().ListenPort, moved.Endpoint!.Port);
    }

    [Fact]
    public void Configuration_ThatChangesSomething_TellsWhatAndNoMore()
    {
        using var tunnel = new TunnelPair();
        using var third = new End();
        using var log = new EventLog(tunnel.Right.Device);
        tunnel.Right.Know(third, Everything);

        Assert.Equal(
            [DeviceEventKind.PeerAdded, DeviceEventKind.EndpointChanged, DeviceEventKind.AllowedIpsChanged, DeviceEventKind.AllowedIpsChanged],
            log.Rest().Select(told => told.Kind));
        tunnel.Right.Know(third, Everything);
        Assert.Empty(log.Rest());

        // Once more, and one that it gives back to the other peer.
        var back = new PeerUpdate(tunnel.Left.PublicKey);
        back.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8::a"), Remove: false));
        tunnel.Right.Change(back);
        Assert.Equal(
            [(third.PublicKey, 1L), (tunnel.Left.PublicKey, 1L)],
            log.Rest().Select(told => (told.Peer!.Value, told.Number!.Value)));

        // One more and one less, and one that is not there.
        tunnel.Right.Know(third, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("10.0.0.0/8"), Remove: false)));
        Assert.Empty(log.Rest());
        tunnel.Right.Know(third, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("10.0.0.0/8"), Remove: true)));
        Assert.Equal([(third.PublicKey, 0L)], log.Rest().Select(told => (told.Peer!.Value, told.Number!.Value)));
        tunnel.Right.Know(third, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("10.0.0.0/8"), Remove: true)));
        Assert.Empty(log.Rest());

        static void Everything(PeerUpdate peer)
        {
            peer.ReplaceAllowedIps = true;
            peer.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8::a"), Remove: false));
            peer.AllowedIps.Add(new PrefixUpdate(Prefix("10.0.0.0/8"), Remove: false));
        }
    }

    private static void Learnable(PeerUpdate peer) => peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false));

    // Returns when it has arrived.
    private static void Send(End from, End to, string source)
    {
        from.Tun.Send(Packet(source, "2001:db8::b"));
        Assert.NotNull(to.Tun.Receive(Soon));
    }
}
