using WgNet.Cli.Configure;
using WgNet.Device;
using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class SynchronisationTests
{
    private static readonly PublicKey Kept = Key(1), Gone = Key(2), New = Key(3);

    [Fact]
    public void Between_PeerNotInTheFile_IsRemovedAndTheOthersAreNot()
    {
        DeviceUpdate update = Synchronise();

        Assert.False(update.ReplacePeers);
        Assert.Equal([Gone], update.Peers.Where(peer => peer.Remove).Select(peer => peer.PublicKey));
        Assert.Equal([Kept, New], update.Peers.Where(peer => !peer.Remove).Select(peer => peer.PublicKey));
    }

    [Fact]
    public void Between_PeerInBoth_IsSetBackWhereTheFileIsSilent()
    {
        PeerUpdate kept = Synchronise().Peers.Single(peer => peer.PublicKey == Kept);

        Assert.True(kept.ReplaceAllowedIps);
        Assert.True(kept.ReplaceLearnableIps);
        Assert.Equal(new byte[32], kept.PresharedKey);
        Assert.Equal((ushort)0, kept.PersistentKeepalive);
        Assert.Equal(16, kept.LearnLimit);
        Assert.Equal(86400, kept.LearnTimeoutSeconds);
        Assert.Null(kept.Endpoint);
    }

    [Fact]
    public void Between_DeviceOfAnotherImplementation_IsAskedForNothingItDoesNotKnow() => Assert.All(
        Synchronise(wgNet: false).Peers, peer => Assert.True(peer is { LearnLimit: null, LearnTimeoutSeconds: null }));

    private static DeviceUpdate Synchronise(bool wgNet = true)
    {
        var now = new DeviceSnapshot { WgNetVersion = wgNet ? "1.0.0" : null };
        now.Peers.Add(new PeerSnapshot(Kept));
        now.Peers.Add(new PeerSnapshot(Gone));
        var update = new DeviceUpdate { ReplacePeers = true };
        update.Peers.Add(new PeerUpdate(Kept));
        update.Peers.Add(new PeerUpdate(New));
        return Synchronisation.Between(now, update);
    }

    private static PublicKey Key(byte value) => new([.. Enumerable.Repeat(value, PublicKey.Size)]);
}
