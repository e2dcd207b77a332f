using WgNet.Learning;
using WgNet.Routing;
using Xunit;

namespace WgNet.Unit.Learning;

/// <summary>The numbers of peers in the table, which are given out again.</summary>
public sealed class OwnersTests : LearnerFixture
{
    [Fact]
    public void AddPeer_AfterOthersWereRemoved_TakesTheirNumbers()
    {
        int[] ids = [.. Enumerable.Range(0, 100).Select(_ => Learner.AddPeer("x")).Select(peer => peer.Id)];
        Assert.Equal(ids.Length, ids.Distinct().Count());
        HashSet<int> seen = [];
        for (int i = 0; i < 1_000; i++)
        {
            LearningPeer<string> peer = Learner.AddPeer("y");
            _ = seen.Add(peer.Id);
            Learner.RemovePeer(peer);
            Learner.RemovePeer(peer);
        }

        Assert.Single(seen);
    }

    [Fact]
    public void Check_PeerThatWasRemovedAndItsNumberGivenToAnother_IsNotTheOther()
    {
        Learner.RemovePeer(Q);
        LearningPeer<string> next = Learner.AddPeer("next");
        Assert.Equal(Q.Id, next.Id);
        _ = Learner.AddLearnable(next, Prefix("2001:db8::/64"));
        Assert.Equal(SourceVerdict.Learned, Receive(next, Host(0)));
        Assert.Equal(SourceVerdict.Conflict, Receive(Q, Host(0)));
        Assert.False(Learner.Forget(Q, Host(0)));
        Assert.False(Learner.Unpin(Q, Host(0), Now));
        Assert.Equal(SourceVerdict.Conflict, Learner.Pin(Q, Host(0), Now));
        Assert.Equal(SourceVerdict.NotAllowed, Learner.Pin(Q, Host(1), Now));
        Learner.SetTimeout(Q, TimeSpan.FromSeconds(1));
        Now += 3600 * Second;
        Assert.Equal("next", Lookup(Host(0)));
        Assert.False(Assert.Single(Learner.Learned(next, Now)).IsPinned);
    }

    [Fact]
    public void RemovePeer_LeavesThePeerToTheCollector()
    {
        WeakReference removed = AddLearnAndRemove(Learner);
        GC.Collect();
        Assert.False(removed.IsAlive);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        WeakReference AddLearnAndRemove(AddressLearner<string> learner)
        {
            LearningPeer<string> peer = learner.AddPeer("leaving");
            _ = learner.AddLearnable(peer, Prefix("2001:db8::/64"));
            _ = learner.CheckIPv6Source(peer, Host(0), Now);
            learner.RemovePeer(peer);
            return new WeakReference(peer);
        }
    }

    [Fact]
    public async Task Lookup_WhilePeersComeAndGoUnderOneNumber_FindsOnlyWhoHadTheAddress()
    {
        // Host 0 is never learned but by peers named "0", host 1 by those named "1"; all of them have the same number in turn.
        string[] names = ["0", "1"];
        using var stop = new CancellationTokenSource();
        AddressLearner<string> learner = new(new AllowedIps<string>(), new byte[16]);
        Task<(int Found, int Wrong)>[] readers = [.. Enumerable.Range(0, 2).Select(host => Task.Factory.StartNew(
            () =>
            {
                (int found, int wrong) = (0, 0);
                SlotKey[] key = new SlotKey[1];
                while (!stop.IsCancellationRequested)
                {
                    for (int i = 0; i < 1_000; i++)
                    {
                        learner.Approach([Host(host)], key);
                        string? name = i % 2 == 0 ? learner.Lookup(Host(host), Now) : learner.Lookup(key[0], Now);
                        found += name is null ? 0 : 1;
                        wrong += name is null || ReferenceEquals(name, names[host]) ? 0 : 1;
                    }
                }

                return (found, wrong);
            },
            TaskCreationOptions.LongRunning))];
        for (int i = 0; i < 300_000; i++)
        {
            LearningPeer<string> peer = learner.AddPeer(names[i % 2]);
            _ = learner.AddLearnable(peer, Prefix("2001:db8::/64"));
            Assert.Equal(SourceVerdict.Learned, learner.CheckIPv6Source(peer, Host(i % 2), Now));
            Assert.Equal(0, peer.Id);
            learner.RemovePeer(peer);
        }

        await stop.CancelAsync();
        (int Found, int Wrong)[] results = await Task.WhenAll(readers);
        Assert.All(results, result => Assert.Equal(0, result.Wrong));
        Assert.All(results, result => Assert.True(result.Found > 100, $"found {result.Found} times"));
    }
}
