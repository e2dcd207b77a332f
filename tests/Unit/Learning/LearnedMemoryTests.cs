using WgNet.Learning;
using WgNet.Unit.Mutation;
using Xunit;

namespace WgNet.Unit.Learning;

[Collection(nameof(Alone))]
public sealed class LearnedMemoryTests : LearnerFixture
{
    [Fact]
    public void Restore_AMillionAddressesOf16EachPeer_Takes96BytesEachAtMost()
    {
        const int Addresses = 1_000_000, Each = 16;
        LearningPeer<string>[] peers = [.. Enumerable.Range(0, Addresses / Each).Select(_ => Learner.AddPeer("peer"))];
        Array.ForEach(peers, peer => Learner.AddLearnable(peer, Prefix("2001:db8::/64")));
        Random random = new(1);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < Addresses; i++)
        {
            LearnedAddress saved = new()
            {
                Address = Address("2001:db8::") | (ulong)random.NextInt64(),
                AgeNanoseconds = 0,
                FirstSeenNanoseconds = 0,
                Packets = 1,
                IsPinned = false,
            };
            Assert.True(Learner.Restore(peers[i / Each], saved, Now));
        }

        double bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Addresses;
        TestContext.Current.TestOutputHelper?.WriteLine($"{bytes:F1} bytes an address");
        Assert.InRange(bytes, 32, 96);
        GC.KeepAlive(peers);
    }
}
