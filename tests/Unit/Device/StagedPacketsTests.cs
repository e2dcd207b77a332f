using WgNet.Device;
using Xunit;

namespace WgNet.Unit.Device;

/// <summary>Packets that wait for a handshake, without a device.</summary>
public sealed class StagedPacketsTests
{
    [Fact]
    public void Staged_BeyondCapacity_DropsTheOldest()
    {
        var staged = new StagedPackets(new StagingBudget(1 << 20));
        for (int i = 0; i < StagedPackets.Capacity; i++)
        {
            Assert.Equal(0, staged.Add([(byte)i], ecn: 0));
        }

        Assert.Equal(1, staged.Add([200], ecn: 0));

        Assert.True(staged.TryTake(out byte[] first, out _));
        Assert.Equal([1], first);
        Assert.Equal(StagedPackets.Capacity - 1, staged.Clear());
        Assert.True(staged.IsEmpty);
    }

    [Fact]
    public void Staged_BeyondTheDevicesBudget_IsRefused()
    {
        var budget = new StagingBudget(100);
        var hog = new StagedPackets(budget);
        var other = new StagedPackets(budget);

        Assert.Equal(0, hog.Add(new byte[100], ecn: 0));
        Assert.Equal(1, other.Add(new byte[1], ecn: 0));
        Assert.Equal(1, hog.Clear());
        Assert.Equal(0, other.Add(new byte[1], ecn: 0));
    }

    [Fact]
    public void Staged_OfARemovedPeer_HoldsNoneOfTheBudget()
    {
        var budget = new StagingBudget(100);
        var removed = new StagedPackets(budget);
        Assert.Equal(0, removed.Add(new byte[100], ecn: 0));
        removed.Close();

        // A worker had found the peer just before.
        Assert.Equal(1, removed.Add(new byte[100], ecn: 0));

        Assert.Equal(0, new StagedPackets(budget).Add(new byte[100], ecn: 0));
    }
}
