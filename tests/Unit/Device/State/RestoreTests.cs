using System.Net;
using WgNet.Device;
using WgNet.Learning;
using WgNet.Linux;
using WgNet.Routing;
using WgNet.Udp;
using WgNet.Unit.Fakes;
using Xunit;
using static WgNet.Unit.Device.State.SavedStateTests;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device.State;

/// <summary>What a device takes of the state that it finds, as configuration arrives, and what it leaves in it.</summary>
public sealed class RestoreTests : IDisposable
{
    private const long Hour = 3600 * Second;
    private const string Prefix64 = "2001:db8::/64";

    private static readonly Endpoint Known = new(IPAddress.Parse("192.0.2.7"), 1234);

    private readonly string _folder = Directory.CreateTempSubdirectory("wgnet-state-").FullName;
    private WireGuardDevice? _device;

    private string Path => System.IO.Path.Combine(_folder, "wg0.state");

    private WireGuardDevice Device => _device!;

    [Fact]
    public void Peer_AddedByKeyAlone_GetsItsEndpointAndWithPrefixesItsAddresses()
    {
        Start(Peer(1, Known, Learned("::5", Hour) with { Packets = 17, FirstSeenNanoseconds = 3 * Hour }, Learned("::6", 0) with { IsPinned = true }));
        Change(new PeerUpdate(Key(1)));
        Assert.Equal(Known, Snapshot(1).Endpoint);
        Assert.Empty(Snapshot(1).LearnedAddresses);

        Change(Learnable(1));
        LearnedAddressSnapshot[] learned = [.. Snapshot(1).LearnedAddresses.OrderBy(learned => learned.Address)];
        Assert.Equal([Address("2001:db8::5"), Address("2001:db8::6")], learned.Select(address => address.Address));
        Assert.InRange(learned[0].AgeSeconds, 3600, 3610);
        Assert.InRange(learned[0].FirstSeenSeconds, 3 * 3600, (3 * 3600) + 10);
        Assert.Equal((17, false, true), (learned[0].Packets, learned[0].IsPinned, learned[1].IsPinned));
    }

    [Fact]
    public void Endpoint_Configured_Wins()
    {
        var configured = new Endpoint(IPAddress.Parse("198.51.100.1"), 5);
        Start(Peer(1, Known));
        Change(new PeerUpdate(Key(1)) { Endpoint = configured });
        Assert.Equal(configured, Snapshot(1).Endpoint);
        Change(new PeerUpdate(Key(1)));
        Assert.Equal(configured, Snapshot(1).Endpoint);
    }

    [Fact]
    public void Addresses_NotAllowedAnyMore_AreNotRestored()
    {
        Start(
            Peer(1, null, Learned("::1", 25 * Hour), Learned("::2", 0), Learned("::3", 0), Learned("::4", 0)),
            Peer(2, null, Learned("::5", 3 * Hour), Learned("::6", Hour), Learned("::7", 2 * Hour)));
        PeerUpdate first = Learnable(1), second = Learnable(2);
        first.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8::3"), Remove: false));
        second.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8::4"), Remove: false));
        second.LearnLimit = 2;
        Change(first, second);

        // Too old; a static owner, itself or another; no room for the oldest.
        Assert.Equal(["2001:db8::2"], LearnedOf(1));
        Assert.Equal(["2001:db8::6", "2001:db8::7"], LearnedOf(2));

        // Settled: more room does not bring back what was not taken.
        Change(new PeerUpdate(Key(2)) { LearnLimit = 16 });
        Assert.Equal(["2001:db8::6", "2001:db8::7"], LearnedOf(2));
    }

    [Fact]
    public void Address_ThatAnotherPeerHasMeanwhile_StaysItsOwn()
    {
        Start(Peer(1, null, Learned("::5", Hour)), Peer(2, null, Learned("::5", 2 * Hour)), Peer(3, null, Learned("::9", 0)));
        Change(Learnable(2));
        Change(Learnable(1));
        Assert.Empty(LearnedOf(2));
        Assert.Equal(["2001:db8::5"], LearnedOf(1));
    }

    [Fact]
    public void Timeout_LongerThanADay_IsCountedAgainstTheAge()
    {
        Start(Peer(1, null, Learned("::5", 48 * Hour)), Peer(2, null, Learned("::6", 48 * Hour)));
        PeerUpdate first = Learnable(1), second = Learnable(2);
        first.LearnTimeoutSeconds = 72 * 3600;
        second.LearnTimeoutSeconds = 47 * 3600;
        Change(first, second);
        Assert.Equal(["2001:db8::5"], LearnedOf(1));
        Assert.Empty(LearnedOf(2));
    }

    [Fact]
    public void Restart_BeforeAnythingIsConfigured_LosesNothing()
    {
        Start(Peer(1, Known, Learned("::5", Hour)), Peer(2, Known));
        for (int i = 0; i < 3; i++)
        {
            Restart();
        }

        Change(Learnable(1));
        Restart();
        Change(Learnable(2), Learnable(1));
        Assert.Equal((Known, Known), (Snapshot(1).Endpoint, Snapshot(2).Endpoint));
        Assert.Equal(["2001:db8::5"], LearnedOf(1));
        Assert.InRange(Snapshot(1).LearnedAddresses[0].AgeSeconds, 3600, 3620);
    }

    [Fact]
    public void Remove_ByAdministrator_ForgetsWhatWaits()
    {
        Start(Peer(1, Known, Learned("::5", 0)), Peer(2, Known, Learned("::6", 0)));
        Change(new PeerUpdate(Key(1)));
        Change(new PeerUpdate(Key(1)) { Remove = true }, new PeerUpdate(Key(2)) { Remove = true });
        Change(Learnable(1), Learnable(2));
        Assert.All([1, 2], key => Assert.Null(Snapshot((byte)key).Endpoint));
        Assert.All([1, 2], key => Assert.Empty(LearnedOf((byte)key)));
    }

    [Fact]
    public void Forget_AddressThatWaits_IsForgotten()
    {
        Start(Peer(1, Known, Learned("::5", 0), Learned("::6", 0)));
        Change(new PeerUpdate(Key(1)) { ForgetLearned = { Address("2001:db8::5") } });
        Change(Learnable(1));
        Assert.Equal(["2001:db8::6"], LearnedOf(1));
    }

    /// <summary>As wg setconf does, at the start of wg-quick up and on a running device.</summary>
    [Fact]
    public void ReplacePeers_KeepsWhatARestartWouldKeep()
    {
        Start(Peer(1, Known, Learned("::5", Hour)), Peer(2, Known, Learned("::6", Hour)), Peer(3, Known));
        Device.Apply(new DeviceUpdate { ReplacePeers = true, Peers = { new PeerUpdate(Key(1)), Learnable(2) } });
        Change(Learnable(1));
        Assert.Equal(["2001:db8::5"], LearnedOf(1));
        Assert.Equal(["2001:db8::6"], LearnedOf(2));

        // Without prefixes nothing is learned; with them it is back. Who is not in the new configuration is forgotten.
        Device.Apply(new DeviceUpdate { ReplacePeers = true, Peers = { new PeerUpdate(Key(1)) } });
        Assert.Equal(Known, Snapshot(1).Endpoint);
        Assert.Empty(LearnedOf(1));
        Change(Learnable(1), Learnable(2), Learnable(3));
        Assert.Equal(["2001:db8::5"], LearnedOf(1));
        Assert.InRange(Snapshot(1).LearnedAddresses[0].AgeSeconds, 3600, 3620);
        Assert.Null(Snapshot(2).Endpoint);
        Assert.Empty(LearnedOf(2));

        // Never configured until now, so it still waited.
        Assert.Equal(Known, Snapshot(3).Endpoint);
    }

    [Fact]
    public void StateFileOff_RemovesItAndForgetsWhatWaits()
    {
        Start(Peer(1, Known, Learned("::5", 0)));
        Assert.True(Device.Snapshot().StateFile);
        Device.Apply(new DeviceUpdate { StateFile = false, Peers = { Learnable(1) } });
        Assert.False(File.Exists(Path));
        Assert.False(Device.Snapshot().StateFile);
        Assert.Null(Snapshot(1).Endpoint);
        Assert.Empty(LearnedOf(1));

        Change(new PeerUpdate(Key(1)) { Endpoint = Known });
        Device.Apply(new DeviceUpdate { ReplacePeers = true, Peers = { Learnable(1) } });
        Assert.Null(Snapshot(1).Endpoint);
        Change(new PeerUpdate(Key(1)) { Endpoint = Known });
        Restart();
        Assert.False(File.Exists(Path));

        // On is the default of every start.
        Change(new PeerUpdate(Key(1)) { Endpoint = Known });
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path), Soon));
    }

    [Fact]
    public void DamagedFile_IsSetAsideAndCostsNothingElse()
    {
        File.WriteAllText(Path, "nonsense");
        Restart();
        Change(Learnable(1));
        Change(new PeerUpdate(Key(1)) { Endpoint = Known });
        Assert.Equal("nonsense", File.ReadAllText(Path + ".damaged"));
        Restart();
        Change(new PeerUpdate(Key(1)));
        Assert.Equal(Known, Snapshot(1).Endpoint);
    }

    [Fact]
    public void WhatIsWritten_IsWhatIsThere()
    {
        Start(Peer(1, Known, Learned("::5", Hour)), Peer(2, null, Learned("::6", 0)));
        Change(Learnable(1), new PeerUpdate(Key(3)));
        Change(new PeerUpdate(Key(1)) { Pin = { Address("2001:db8::5") } });
        Device.Dispose();
        SavedState state = new StateStore(Path).Load(out _)!;
        Assert.Equal([Key(1), Key(2)], state.Peers.Select(peer => peer.PublicKey));
        Assert.Equal(Known, state.Peers[0].Endpoint);
        Assert.Equal(0, state.Peers[0].Waited);
        Assert.InRange(Assert.Single(state.Peers[0].Learned).AgeNanoseconds, Hour, Hour + (20 * Second));
        Assert.True(state.Peers[0].Learned[0].IsPinned);
        Assert.Equal(Address("2001:db8::6"), Assert.Single(state.Peers[1].Learned).Address);
        Assert.NotEqual(0, state.Peers[1].Waited);
    }

    public void Dispose()
    {
        _device?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static SavedPeer Peer(byte key, Endpoint? endpoint, params LearnedAddress[] learned) =>
        new(Key(key)) { Endpoint = endpoint, Learned = [.. learned] };

    private static LearnedAddress Learned(string host, long age) => SavedStateTests.Learned(Address("2001:db8" + host), age);

    private static PeerUpdate Learnable(byte key) => new(Key(key)) { LearnableIps = { new PrefixUpdate(Prefix(Prefix64), Remove: false) } };

    private void Start(params SavedPeer[] peers)
    {
        new StateStore(Path).Save(Clock.WallTime / SavedState.Millisecond, writer => Array.ForEach(peers, writer.Add));
        Restart();
    }

    private void Restart()
    {
        _device?.Dispose();
        var options = new DeviceOptions { OpenSockets = (port, mark) => UdpSockets.Open(port, mark), StateFile = Path };
        _device = new WireGuardDevice(options, new MemoryTun(), new SodiumPrimitives(), Log.None);
        _device.Start();
    }

    private void Change(params PeerUpdate[] peers)
    {
        var update = new DeviceUpdate();
        update.Peers.AddRange(peers);
        Device.Apply(update);
    }

    private PeerSnapshot Snapshot(byte key) => Device.Snapshot().Peers.Single(peer => peer.PublicKey == Key(key));

    private string[] LearnedOf(byte key) =>
        [.. Snapshot(key).LearnedAddresses.Select(learned => IpPrefix.ToAddress(learned.Address, isIPv4: false).ToString()).Order(StringComparer.Ordinal)];
}
