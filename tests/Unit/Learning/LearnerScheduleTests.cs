using WgNet.Learning;
using Xunit;

namespace WgNet.Unit.Learning;

/// <summary>
/// A million operations from several threads at once. What each thread does is drawn from the seed, and it knows exactly what its own
/// peers must have: <see cref="LearnerActor"/>. When all of them rest, the whole is looked at.
/// </summary>
public sealed class LearnerScheduleTests : LearnerFixture
{
    private const int Operations = 1_000_000;
    private const int Rounds = 4;

    // So that the table grows a few times with few threads, too.
    private const int Peers = 96;

    [Theory]
    [InlineData(2, 20261121)]
    [InlineData(5, 4711)]
    [InlineData(16, 1)]
    public async Task Operations_FromManyThreads_AgreeWithPlainDictionaries(int threads, int seed)
    {
        Lock configuration = new();
        LearnerActor[] actors =
            [.. Enumerable.Range(0, threads).Select(i => new LearnerActor(Learner, AllowedIps, configuration, i, Peers / threads, (seed * 31) + i))];
        try
        {
            for (int round = 0; round < Rounds; round++)
            {
                await Task.WhenAll(actors.Select(actor => Task.Factory.StartNew(
                    () => actor.Run(Operations / Rounds / threads), TaskCreationOptions.LongRunning)));
                AssertOneOwnerAnAddress(actors);
            }
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{threads} threads, seed {seed}: {e.Message}", e);
        }

        SourceVerdict[] expected = [SourceVerdict.Accepted, SourceVerdict.Learned, SourceVerdict.Conflict, SourceVerdict.LearnLimited];
        Assert.All(expected, verdict => Assert.True(actors.Sum(actor => actor.Seen(verdict)) > 100, $"{verdict}"));
        Assert.True(actors.Sum(actor => actor.ConflictsWithOthers) > 100, "threads met at no address");
    }

    private void AssertOneOwnerAnAddress(LearnerActor[] actors)
    {
        long now = actors.Max(actor => actor.Now);
        HashSet<UInt128> owned = [];
        foreach (LearningPeer<string> peer in actors.SelectMany(actor => actor.Peers))
        {
            List<LearnedAddress> learned = Learner.Learned(peer, now);
            Assert.True(learned.Count <= peer.LearnLimit, "over the limit");
            Assert.All(learned, entry =>
            {
                Assert.True(owned.Add(entry.Address), "two owners");
                Assert.Same(peer.Peer, Learner.Lookup(entry.Address, now));
            });
        }

        Assert.NotEmpty(owned);
        Assert.All(actors.SelectMany(actor => actor.AllAddresses),
            address => Assert.Equal(owned.Contains(address), Learner.Lookup(address, now) is not null));
    }
}
