using System.Net;
using WgNet.Cli.Quick;
using WgNet.Device;
using WgNet.Protocol;
using WgNet.Uapi;
using WgNet.Udp;
using Xunit;

namespace WgNet.Unit.Cli;

/// <summary>What <c>reload</c> sets, and what it leaves alone.</summary>
public sealed class DeviceDifferenceTests
{
    private static readonly PublicKey First = SampleDevices.Key(1), Second = SampleDevices.Key(2);

    [Fact]
    public void Reduce_SameAsRunning_SetsNothing()
    {
        DeviceSnapshot now = Device(Peer(First, "10.0.0.0/24"), Peer(Second, "fd00::/64"));
        now.Peers[0].Endpoint = new Endpoint(IPAddress.Parse("192.0.2.1"), 5);

        (DeviceUpdate update, string[] changes) = Reduce(now, null, Section(First, "AllowedIPs = 10.0.0.0/24\nEndpoint = 192.0.2.1:5") + Section(Second, "AllowedIPs = fd00::/64"));

        Assert.Empty(changes);
        Assert.Empty(update.Peers);
        Assert.Null(update.ListenPort);
    }

    [Fact]
    public void Reduce_PrefixesDiffer_SetsOnlyThose()
    {
        (DeviceUpdate update, string[] changes) = Reduce(Device(Peer(First, "10.0.0.0/24", "10.1.0.0/24")), null, Section(First, "AllowedIPs = 10.1.0.0/24, 10.2.0.0/24"));

        PeerUpdate peer = Assert.Single(update.Peers);
        Assert.False(peer.ReplaceAllowedIps);
        Assert.Equal([new PrefixUpdate(SampleDevices.Prefix("10.0.0.0/24"), Remove: true), new PrefixUpdate(SampleDevices.Prefix("10.2.0.0/24"), Remove: false)], peer.AllowedIps);
        Assert.Equal([$"- peer {First} AllowedIPs = 10.0.0.0/24", $"+ peer {First} AllowedIPs = 10.2.0.0/24"], changes);
    }

    [Fact]
    public void Reduce_PrefixOfTwoPeers_BelongsToTheLaterAsWhenSetWhole()
    {
        (DeviceUpdate update, string[] changes) = Reduce(
            Device(Peer(First), Peer(Second, "10.0.0.0/24")), null, Section(First, "AllowedIPs = 10.0.0.0/24") + Section(Second, "AllowedIPs = 10.0.0.0/24"));

        Assert.Empty(changes);
        Assert.Empty(update.Peers);
    }

    [Fact]
    public void Reduce_PeerGone_IsRemovedBeforeAnythingElse()
    {
        (DeviceUpdate update, string[] changes) = Reduce(Device(Peer(First, "10.0.0.0/24")), null, Section(Second, "AllowedIPs = 10.0.0.0/24"));

        Assert.Equal([(First, true), (Second, false)], update.Peers.Select(peer => (peer.PublicKey, peer.Remove)));
        Assert.Equal([$"- peer {First}", $"+ peer {Second}", $"+ peer {Second} AllowedIPs = 10.0.0.0/24"], changes);
    }

    [Theory]
    [InlineData("PersistentKeepalive = 5", null)]
    [InlineData("", (ushort)0)]
    public void Reduce_UnsaidSetting_IsSetBackOnlyIfTheFileSaidIt(string settings, object? expected)
    {
        // Somebody set 5 beside a file that never spoke of it, or the file did and does no longer.
        DeviceSnapshot now = Device(Peer(First));
        now.Peers[0].PersistentKeepalive = 5;
        DeviceUpdate applied = Parse(Section(First, settings.Length == 0 ? "PersistentKeepalive = 5" : ""));

        (DeviceUpdate update, _) = Reduce(now, applied, Section(First, ""));

        Assert.Equal(expected, update.Peers.SingleOrDefault()?.PersistentKeepalive);
    }

    [Fact]
    public void Reduce_KeysOfAHook_StayAndThoseOfTheFileGo()
    {
        DeviceSnapshot now = Device(Peer(First), Peer(Second));
        now.PrivateKey = Secret(9);
        now.Peers[0].PresharedKey = Secret(1);
        now.Peers[1].PresharedKey = Secret(2);
        DeviceUpdate applied = Parse(Section(First, "PresharedKeyFile = /dev/null") + Section(Second, ""));

        (DeviceUpdate update, string[] changes) = Reduce(now, applied, Section(First, "") + Section(Second, ""));

        Assert.Null(update.PrivateKey);
        Assert.Equal(new byte[32], Assert.Single(update.Peers).PresharedKey);
        Assert.Equal([$"- peer {First} PresharedKey = (hidden)"], changes);
    }

    [Theory]
    [InlineData(null, 1, "/run/a.key", 1, false, null)] // the same key, now in a file
    [InlineData("/run/a.key", 1, "/run/a.key", 1, false, "unchanged")]
    [InlineData("/run/a.key", 1, "/run/b.key", 1, false, null)]
    [InlineData("/run/a.key", 1, "/run/a.key", 2, true, null)] // its content changed
    [InlineData("/run/a.key", 1, "", 1, false, null)] // the same key, now inline
    public void Reduce_KeyFile_IsSaidWhereItOrItsKeyChanged(string? fileNow, byte keyNow, string wantedFile, byte wantedKey, bool setsKey, string? unchanged)
    {
        DeviceSnapshot now = Device();
        now.WgNetVersion = "1.0.0";
        (now.PrivateKey, now.PrivateKeyFile) = (Secret(keyNow), fileNow);
        DeviceUpdate update = new() { PrivateKey = Secret(wantedKey), PrivateKeyFile = wantedFile };
        DeviceDifference difference = new(now, applied: null);

        difference.Reduce(update);

        Assert.Equal(setsKey, update.PrivateKey is not null);
        Assert.Equal(unchanged is null ? wantedFile : null, update.PrivateKeyFile);
        Assert.Equal(unchanged is not null, difference.IsEmpty);
    }

    [Fact]
    public void Reduce_EndpointMovedAndFileUnchanged_IsLeftWhereItIs()
    {
        DeviceSnapshot now = Device(Peer(First), Peer(Second));
        now.Peers[0].Endpoint = new Endpoint(IPAddress.Parse("192.0.2.1"), 5);
        now.Peers[1].Endpoint = new Endpoint(IPAddress.Parse("192.0.2.2"), 5);
        string unchanged = Section(First, "Endpoint = 198.51.100.1:1") + Section(Second, "Endpoint = gateway.example.org:7");

        (DeviceUpdate update, string[] changes) = Reduce(now, Parse(unchanged), unchanged);

        Assert.Empty(changes);
        Assert.Empty(update.Peers);
    }

    private static (DeviceUpdate Update, string[] Changes) Reduce(DeviceSnapshot now, DeviceUpdate? applied, string text)
    {
        DeviceUpdate update = Parse(text);
        DeviceDifference difference = new(now, applied);
        difference.Reduce(update);
        return (update, [.. difference.Changes.Select(change => change.ToString())]);
    }

    private static DeviceUpdate Parse(string text) => ConfigurationFile.Parse(text, "wg0.conf", ConfigurationMode.Append).Update;

    private static string Section(PublicKey key, string settings) => $"[Peer]\nPublicKey = {key}\n{settings}\n";

    private static DeviceSnapshot Device(params PeerSnapshot[] peers)
    {
        DeviceSnapshot device = new() { ListenPort = 7 };
        device.Peers.AddRange(peers);
        return device;
    }

    private static PeerSnapshot Peer(PublicKey key, params string[] allowedIps)
    {
        PeerSnapshot peer = new(key) { LearnLimit = 16, LearnTimeoutSeconds = 86400 };
        peer.AllowedIps.AddRange(allowedIps.Select(SampleDevices.Prefix));
        return peer;
    }

    private static byte[] Secret(byte value) => [value, .. new byte[31]];
}
