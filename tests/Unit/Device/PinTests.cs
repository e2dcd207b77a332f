using WgNet.Device;
using WgNet.Device.Events;
using WgNet.Linux;
using WgNet.Unit.Device.Events;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

/// <summary>Addresses pinned through the configuration: all of a set's or none of it.</summary>
public sealed class PinTests : IDisposable
{
    private readonly TunnelPair _tunnel = new(peer =>
    {
        peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false));
        peer.LearnTimeoutSeconds = 1;
        peer.LearnLimit = 2;
    });

    [Fact]
    public void Pinned_Address_OutlivesTheTimeoutUntilItIsUnpinned()
    {
        using var log = new EventLog(_tunnel.Right.Device);
        _tunnel.Right.Change(Pin("2001:db8::5"));
        Assert.Equal((true, "given"), (log.Next(DeviceEventKind.Learned) is var learned, learned.Reason));
        Assert.Equal("2001:db8::5", log.Next(DeviceEventKind.Pinned).Address?.ToString());
        Thread.Sleep(TimeSpan.FromSeconds(2.5));
        Assert.True(Assert.Single(Learned()).IsPinned);

        var unpin = new PeerUpdate(_tunnel.Left.PublicKey);
        unpin.Unpin.Add(Address("2001:db8::5"));
        _tunnel.Right.Change(unpin);
        Assert.Equal("2001:db8::5", log.Next(DeviceEventKind.Unpinned).Address?.ToString());
        Assert.Equal("2001:db8::5", log.Next(DeviceEventKind.Expired).Address?.ToString());
        Assert.Empty(Learned());
    }

    [Fact]
    public void Pin_AddressThatAnotherPeerHas_IsRefusedAndNothingChanged()
    {
        using var third = new End();
        _tunnel.Right.Know(third, peer => peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false)));
        _tunnel.Right.Change(Pin("2001:db8::5"));
        var update = new DeviceUpdate { FirewallMark = 7 };
        update.Peers.Add(new PeerUpdate(third.PublicKey) { PersistentKeepalive = 9 });
        update.Peers[0].Pin.AddRange([Address("2001:db8::6"), Address("2001:db8::5")]);

        Refused("another peer has it", update);

        Assert.Equal(0u, _tunnel.Right.Device.Snapshot().FirewallMark);
        Assert.Equal(0, _tunnel.Right.Peer(third).PersistentKeepalive);
        Assert.Empty(_tunnel.Right.Peer(third).LearnedAddresses);
    }

    [Fact]
    public void Pins_OfOneAddressForTwoPeers_AreRefused()
    {
        using var third = new End();
        _tunnel.Right.Know(third, peer => peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false)));
        var update = new DeviceUpdate();
        update.Peers.Add(Pin("2001:db8::5"));
        update.Peers.Add(new PeerUpdate(third.PublicKey));
        update.Peers[1].Pin.Add(Address("2001:db8::5"));
        Refused("another peer has it", update);
        Assert.Empty(Learned());
    }

    [Fact]
    public void Pins_MoreThanTheLimit_AreRefusedTogether()
    {
        Refused("LearnLimit", Pin("2001:db8::5", "2001:db8::6", "2001:db8::7"));
        Assert.Empty(Learned());
        _tunnel.Right.Change(Pin("2001:db8::5", "2001:db8::6"));
        PeerUpdate exchange = Pin("2001:db8::7");
        Refused("LearnLimit", Pin("2001:db8::7"));
        exchange.Unpin.Add(Address("2001:db8::5"));
        _tunnel.Right.Change(exchange);
        Assert.Equal([Address("2001:db8::6"), Address("2001:db8::7")], Learned().Where(learned => learned.IsPinned).Select(learned => learned.Address).Order());
    }

    [Theory]
    [InlineData("2001:db8:1::5", "LearnableIPs")]
    [InlineData("2001:db8::1", "host")]
    public void Pin_AddressThatThePeerMayNotClaim_SaysWhyNot(string address, string why)
    {
        _tunnel.Right.Device.LinkChanged(new WgNet.Tun.LinkState(Up: true, Mtu: 1420, [(System.Net.IPAddress.Parse("2001:db8::1"), 64)]));
        Refused(why, Pin(address));
        Assert.Empty(Learned());
    }

    [Fact]
    public void Pin_ForAPeerThatIsNotThere_IsRefused()
    {
        var update = new PeerUpdate(new WgNet.Protocol.PublicKey(new byte[32]));
        update.Pin.Add(Address("2001:db8::5"));
        Refused("no such peer", update);
        Assert.Single(_tunnel.Right.Device.Snapshot().Peers);
    }

    public static TheoryData<Action<DeviceUpdate>> Companions { get; } = new(
        update => update.ReplacePeers = true,
        update => update.PrivateKey = new byte[32],
        update => update.Peers[0].Remove = true,
        update => update.Peers[0].LearnLimit = 5,
        update => update.Peers[0].ReplaceAllowedIps = true,
        update => update.Peers[0].ReplaceLearnableIps = true,
        update => update.Peers[0].AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: true)),
        update => update.Peers[0].LearnableIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));

    [Theory]
    [MemberData(nameof(Companions), DisableDiscoveryEnumeration = true)]
    public void Pin_BesideWhatItDependsOn_IsRefused(Action<DeviceUpdate> add)
    {
        var update = new DeviceUpdate();
        update.Peers.Add(Pin("2001:db8::5"));
        add(update);
        Refused("in a set of their own", update);
        Assert.Empty(Learned());
    }

    public void Dispose() => _tunnel.Dispose();

    private PeerUpdate Pin(params string[] addresses)
    {
        var update = new PeerUpdate(_tunnel.Left.PublicKey);
        update.Pin.AddRange(addresses.Select(Address));
        return update;
    }

    private void Refused(string why, PeerUpdate peer)
    {
        var update = new DeviceUpdate();
        update.Peers.Add(peer);
        Refused(why, update);
    }

    private void Refused(string why, DeviceUpdate update)
    {
        ConfigurationException refusal = Assert.Throws<ConfigurationException>(() => _tunnel.Right.Device.Apply(update));
        Assert.Equal(Errno.EINVAL, refusal.Errno);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    private List<LearnedAddressSnapshot> Learned() => _tunnel.Right.Peer(_tunnel.Left).LearnedAddresses;
}
