using WgNet.Learning;
using Xunit;

namespace WgNet.Unit.Learning;

/// <summary>What workers count, and what is told of it.</summary>
public sealed class PacketTallyTests : LearnerFixture
{
    [Fact]
    public void Learned_PacketsNotWrittenYet_AreCounted()
    {
        PacketTally first = Learner.CreateTally();
        PacketTally second = Learner.CreateTally();
        _ = Receive(P, Host(0));
        first.Count(Host(0), 2, Now);
        second.Count(Host(0), 1, Now);
        Assert.Equal(3, Packets(P, Host(0)));
        Now += 3 * Second;
        first.Count(Host(0), 5, Now);
        Assert.Equal(8, Packets(P, Host(0)));
        Learner.ReturnTally(first);
        Learner.ReturnTally(second);
        Assert.Equal(8, Packets(P, Host(0)));
    }

    [Fact]
    public void Count_ManyAddresses_WritesThroughWhatHasNoPlace()
    {
        PacketTally tally = Learner.CreateTally();
        Learner.SetLimit(P, 1_000);
        for (int i = 0; i < 500; i++)
        {
            Assert.True(Learner.Restore(P, new() { Address = Host(i), AgeNanoseconds = 0, FirstSeenNanoseconds = 0, Packets = 0, IsPinned = false }, Now));
        }

        for (int round = 0; round < 4; round++)
        {
            for (int i = 0; i < 500; i++)
            {
                tally.Count(Host(i), i, Now);
            }
        }

        Assert.All(Learner.Learned(P, Now), learned => Assert.Equal(4 * (int)(learned.Address - Host(0)), learned.Packets));
    }

    [Fact]
    public void Count_AddressThatIsNotLearned_CountsNothing()
    {
        PacketTally tally = Learner.CreateTally();
        tally.Count(Host(0), 5, Now);
        _ = Receive(P, Host(0));
        Assert.Equal(0, Packets(P, Host(0)));
    }

    [Fact]
    public void Count_AddressThatWasForgottenAndLearnedAgain_BeginsAtNothing()
    {
        PacketTally tally = Learner.CreateTally();
        _ = Receive(P, Host(0));
        tally.Count(Host(0), 5, Now);
        _ = Learner.Forget(P, Host(0));
        _ = Receive(P, Host(0));
        Assert.Equal(0, Packets(P, Host(0)));
        tally.Count(Host(0), 2, Now);
        Assert.Equal(2, Packets(P, Host(0)));
        Now += 2 * Second;
        tally.Count(Host(0), 1, Now);
        Assert.Equal(3, Packets(P, Host(0)));
    }

    [Fact]
    public void Count_WithinASecond_LeavesTheTableAlone()
    {
        LearnedTable table = new(new AddressHash(new byte[16]));
        _ = table.TryAdd(7, LearnedWord.Live(1, 0, isPinned: false));
        PacketTally tally = new(table);
        tally.Count(7, 1, Now);
        tally.Count(7, 1, Now + Second - 1);
        Assert.Equal(0, table.Packets(7).Packets);
        tally.Count(7, 1, Now + Second);
        Assert.Equal(3, table.Packets(7).Packets);
    }

    [Fact]
    public async Task Learned_WhileWorkersCount_NeverGoesBack()
    {
        const int Workers = 2, Rounds = 300_000;
        _ = Receive(P, Host(0));
        Task[] workers = [.. Enumerable.Range(0, Workers).Select(worker => Task.Factory.StartNew(
            () =>
            {
                // Every packet is written through at once.
                PacketTally tally = Learner.CreateTally();
                for (int i = 0; i < Rounds; i++)
                {
                    tally.Count(Host(0), 1, (i + 1) * 2 * Second);
                }

                Learner.ReturnTally(tally);
            },
            TaskCreationOptions.LongRunning))];
        long most = 0;
        while (!Array.TrueForAll(workers, worker => worker.IsCompleted))
        {
            long packets = Packets(P, Host(0));
            Assert.InRange(packets, Math.Max(0, most - Workers), Workers * Rounds);
            most = Math.Max(most, packets);
        }

        await Task.WhenAll(workers);
        Assert.Equal(Workers * Rounds, Packets(P, Host(0)));
    }

    private long Packets(LearningPeer<string> peer, UInt128 address) =>
        Learner.Learned(peer, Now).Single(learned => learned.Address == address).Packets;
}
