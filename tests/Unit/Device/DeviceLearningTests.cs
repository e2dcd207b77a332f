using System.Net;
using WgNet.Device;
using WgNet.Protocol;
using WgNet.Tun;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

/// <summary>Learning by devices that carry packets. The rules by themselves are in <c>tests/Unit/Learning</c>.</summary>
public sealed class DeviceLearningTests
{
    [Fact]
    public void Source_InLearnablePrefix_IsLearnedAndAnsweredAtOnce()
    {
        using var tunnel = new TunnelPair(peer => peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false)));

        tunnel.Left.Tun.Send(Packet("2001:db8::1234", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));
        tunnel.Right.Tun.Send(Packet("2001:db8::b", "2001:db8::1234"));

        Assert.NotNull(tunnel.Left.Tun.Receive(Soon));
        Assert.Equal(Address("2001:db8::1234"), Assert.Single(tunnel.Right.Peer(tunnel.Left).LearnedAddresses).Address);
    }

    [Fact]
    public void Source_LearnedByAnotherPeer_IsAConflict()
    {
        using var tunnel = new TunnelPair(Learnable);
        using var third = new TunnelPair.End();
        third.Know(tunnel.Right, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));
        tunnel.Right.Know(third, Learnable);

        tunnel.Left.Tun.Send(Packet("2001:db8::1234", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));
        third.Tun.Send(Packet("2001:db8::1234", "2001:db8::b"));

        Assert.Null(tunnel.Right.Tun.Receive(Shortly));
        Assert.Equal(1, tunnel.Right.Drops(third, "conflict"));

        static void Learnable(PeerUpdate peer) => peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false));
    }

    [Fact]
    public void Learned_AddressTakenByTheInterface_IsForgotten()
    {
        using var tunnel = new TunnelPair(peer => peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false)));
        tunnel.Left.Tun.Send(Packet("2001:db8::1234", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));

        tunnel.Right.Device.LinkChanged(new LinkState(Up: true, Mtu: 1420, [(IPAddress.Parse("2001:db8::1234"), 64)]));

        Assert.Empty(tunnel.Right.Peer(tunnel.Left).LearnedAddresses);
    }

    [Fact]
    public void LearnablePrefixes_ReplacedByTheSame_KeepWhatWasLearned()
    {
        var prefix = new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false);
        using var tunnel = new TunnelPair(peer => peer.LearnableIps.Add(prefix));
        tunnel.Left.Tun.Send(Packet("2001:db8::1234", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));

        tunnel.Right.Change(new PeerUpdate(tunnel.Left.PublicKey) { ReplaceLearnableIps = true, LearnableIps = { prefix } });
        Assert.Single(tunnel.Right.Peer(tunnel.Left).LearnedAddresses);

        tunnel.Right.Change(new PeerUpdate(tunnel.Left.PublicKey) { LearnableIps = { prefix with { Remove = true } } });
        Assert.Empty(tunnel.Right.Peer(tunnel.Left).LearnedAddresses);
        Assert.Empty(tunnel.Right.Peer(tunnel.Left).LearnableIps);
    }

    [Fact]
    public void Learned_StaticPrefixesAdded_ForgetWhatTheyContradict()
    {
        using var tunnel = new TunnelPair(peer => peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false)));
        tunnel.Left.Tun.Send(Packet("2001:db8::1", "2001:db8::b"));
        tunnel.Left.Tun.Send(Packet("2001:db8::2", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));

        var update = new PeerUpdate(new PublicKey([.. Enumerable.Repeat((byte)7, PublicKey.Size)]));
        update.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8::2"), Remove: false));
        update.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8:1::/64"), Remove: false));
        tunnel.Right.Change(update);

        Assert.Equal(Address("2001:db8::1"), Assert.Single(tunnel.Right.Peer(tunnel.Left).LearnedAddresses).Address);
    }

    [Fact]
    public void Learned_TimeoutPassed_IsForgotten()
    {
        using var tunnel = new TunnelPair(peer =>
        {
            peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false));
            peer.LearnTimeoutSeconds = 1;
        });
        tunnel.Left.Tun.Send(Packet("2001:db8::1234", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));

        Thread.Sleep(2100);

        Assert.Empty(tunnel.Right.Peer(tunnel.Left).LearnedAddresses);
    }
}
