using WgNet.Learning;
using WgNet.Routing;
using Xunit;

namespace WgNet.Unit.Learning;

/// <summary>Look-ups by keys of several addresses, which were approached together.</summary>
public sealed class ApproachTests : LearnerFixture
{
    private const int Count = 3_000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Lookup_ByKey_FindsWhatTheAddressFinds(bool useAes)
    {
        AddressLearner<string> learner = new(new AllowedIps<string>(), new AddressHash(new byte[16], useAes));
        LearningPeer<string> p = learner.AddPeer("p");
        LearningPeer<string> q = learner.AddPeer("q");
        Teach(learner, p, first: 0);
        Teach(learner, q, first: Count);

        // The last third is nobody's.
        SlotKey[] keys = Approach(learner, 3 * Count);
        for (int i = 0; i < keys.Length; i++)
        {
            string? expected = i < Count ? "p" : i < 2 * Count ? "q" : null;
            Assert.Equal(expected, learner.Lookup(keys[i], Now));
            Assert.Equal(expected, learner.Lookup(Host(i), Now));
        }
    }

    [Fact]
    public void Lookup_AfterChangesSinceTheApproach_KnowsThem()
    {
        Teach(Learner, P, first: 0);
        SlotKey[] keys = Approach(Learner, 2 * Count);
        Assert.Equal("p", Learner.Lookup(keys[0], Now));

        // Now they are the other's, some are nobody's, and the table is another one, twice as large.
        Learner.RemovePeer(P);
        Teach(Learner, Q, first: 0);
        Teach(Learner, Q, first: Count);
        Assert.True(Learner.Forget(Q, Host(1)));
        Assert.Null(Learner.Lookup(keys[1], Now));
        Assert.All(keys.Where((_, i) => i != 1), key => Assert.Equal("q", Learner.Lookup(key, Now)));
    }

    [Fact]
    public void Lookup_ByKeyOfAnExpiredAddress_FindsNobody()
    {
        Assert.Equal(SourceVerdict.Learned, Receive(P, Host(0)));
        SlotKey[] keys = Approach(Learner, 1);
        Assert.Equal("p", Learner.Lookup(keys[0], Now));
        Now += P.LearnTimeout;
        Assert.Null(Learner.Lookup(keys[0], Now));
    }

    [Fact]
    public async Task Lookup_WhileTheTableIsReplaced_AlwaysFindsTheOwner()
    {
        const int Each = 200_000;
        Learner.SetLimit(P, 1);
        Learner.SetLimit(Q, 1);
        Assert.Equal(SourceVerdict.Learned, Receive(P, Host(0)));
        SlotKey[] keys = Approach(Learner, 1);
        using var stop = new CancellationTokenSource();
        Task<int> reader = Task.Factory.StartNew(
            () =>
            {
                int lost = 0;
                while (!stop.IsCancellationRequested)
                {
                    lost += Learner.Lookup(keys[0], Now) == "p" ? 0 : 1;
                    lost += Learner.Lookup(Host(0), Now) == "p" ? 0 : 1;
                }

                return lost;
            },
            TaskCreationOptions.LongRunning);

        // Addresses that come and go fill the table, which moves what lives in it to another one, over and over.
        for (int i = 1; i <= Each; i++)
        {
            Assert.True(Restore(Learner, Q, Host(i)));
            Assert.True(Learner.Forget(Q, Host(i)));
        }

        await stop.CancelAsync();
        Assert.Equal(0, await reader);
    }

    [Fact]
    public void Approach_Nothing_DoesNothing() => Learner.Approach([], []);

    private static SlotKey[] Approach(AddressLearner<string> learner, int count)
    {
        SlotKey[] keys = new SlotKey[count];
        learner.Approach([.. Enumerable.Range(0, count).Select(Host)], keys);
        return keys;
    }

    private void Teach(AddressLearner<string> learner, LearningPeer<string> peer, int first)
    {
        _ = learner.AddLearnable(peer, Prefix("2001:db8::/64"));
        learner.SetLimit(peer, 2 * Count);
        for (int i = first; i < first + Count; i++)
        {
            Assert.True(Restore(learner, peer, Host(i)));
        }
    }

    private bool Restore(AddressLearner<string> learner, LearningPeer<string> peer, UInt128 address) =>
        learner.Restore(peer, new LearnedAddress { Address = address, AgeNanoseconds = 0, FirstSeenNanoseconds = 0, Packets = 0, IsPinned = false }, Now);
}
