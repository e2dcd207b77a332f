using System.Runtime.CompilerServices;
using WgNet.Learning;
using WgNet.Routing;
using Xunit;

namespace WgNet.Unit.Learning;

public sealed class LearnedTableTests
{
    private readonly LearnedTable<string> _table = new(new AddressHash(new byte[16]));
    private readonly LearningPeer<string> _owner = new AddressLearner<string>(new AllowedIps<string>(), new byte[16]).AddPeer("owner");

    [Fact]
    public void TryAdd_AddressThatIsThere_ReturnsItsEntry()
    {
        LearnedEntry<string> first = Entry(7);
        Assert.Null(_table.TryAdd(first));
        Assert.Same(first, _table.TryAdd(Entry(7)));
        Assert.Same(first, _table.Find(7));
        Assert.Equal(1, _table.Count);
    }

    [Fact]
    public void Remove_EntryThatIsNotThere_ChangesNothing()
    {
        LearnedEntry<string> there = Entry(7);
        _ = _table.TryAdd(there);
        Assert.False(_table.Remove(Entry(7)));
        Assert.Same(there, _table.Find(7));
        Assert.True(_table.Remove(there));
        Assert.False(_table.Remove(there));
        Assert.Null(_table.Find(7));
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void Operations_AMillionAtRandom_AgreeWithADictionary()
    {
        Random random = new(20261121);
        Dictionary<int, LearnedEntry<string>> model = [];
        for (int i = 0; i < 1_000_000; i++)
        {
            int key = random.Next(50_000);
            _ = model.TryGetValue(key, out LearnedEntry<string>? expected);
            switch (random.Next(4))
            {
                case 0 or 1:
                    LearnedEntry<string> added = Entry(key);
                    Assert.Same(expected, _table.TryAdd(added));
                    _ = model.TryAdd(key, added);
                    break;
                case 2 when expected is not null:
                    Assert.True(_table.Remove(expected));
                    _ = model.Remove(key);
                    break;
                default:
                    Assert.Same(expected, _table.Find((uint)key));
                    break;
            }
        }

        Assert.Equal(model.Count, _table.Count);
        Assert.All(model, pair => Assert.Same(pair.Value, _table.Find((uint)pair.Key)));
    }

    [Fact]
    public async Task Find_WhileOthersGrowTheTable_AlwaysFindsWhatWasAdded()
    {
        const int Writers = 2, Each = 60_000;
        int[] added = new int[Writers];
        int missing = 0;
        Task[] writers = [.. Enumerable.Range(0, Writers).Select(w => Task.Factory.StartNew(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                Assert.Null(_table.TryAdd(Entry((i * Writers) + w)));
                Volatile.Write(ref added[w], i + 1);
            }
        }, TaskCreationOptions.LongRunning))];
        Task reader = Task.Factory.StartNew(() =>
        {
            Random random = new(1);
            while (!Array.TrueForAll(writers, writer => writer.IsCompleted))
            {
                int w = random.Next(Writers);
                int count = Volatile.Read(ref added[w]);
                if (count > 0 && _table.Find((uint)((random.Next(count) * Writers) + w)) is null)
                {
                    missing++;
                }
            }
        }, TaskCreationOptions.LongRunning);
        await Task.WhenAll([.. writers, reader]);
        Assert.Equal(0, missing);
        Assert.Equal(Writers * Each, _table.Count);
        Assert.All(Enumerable.Range(0, Writers * Each), i => Assert.NotNull(_table.Find((uint)i)));
    }

    [Fact]
    public void TryAdd_SameAddressesFromManyThreads_OneWinsEachTime()
    {
        const int Addresses = 20_000, Threads = 4;
        int[] wins = new int[Addresses];
        int removed = 0;
        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, thread =>
        {
            for (int i = 0; i < Addresses; i++)
            {
                LearnedEntry<string> mine = Entry(i);
                if (_table.TryAdd(mine) is null)
                {
                    _ = Interlocked.Increment(ref wins[i]);
                    if (i % 3 == 0)
                    {
                        // Once removed it is not found, though another thread's entry may be.
                        Assert.True(_table.Remove(mine));
                        Assert.NotSame(mine, _table.Find((uint)i));
                        _ = Interlocked.Increment(ref removed);
                    }
                }
            }
        });
        for (int i = 0; i < Addresses; i++)
        {
            Assert.True(i % 3 == 0 ? wins[i] >= 1 : wins[i] == 1);
            Assert.Equal(i % 3 == 0, _table.Find((uint)i) is null);
        }

        Assert.Equal(wins.Sum() - removed, _table.Count);
    }

    [Fact]
    public void Find_AfterEachAddAndRemove_FindsAllThatIsThere()
    {
        // Adds move the table on bit by bit: each state between is looked at.
        Queue<LearnedEntry<string>> there = [];
        for (int i = 0; i < 3_000; i++)
        {
            LearnedEntry<string> entry = Entry(i);
            Assert.Null(_table.TryAdd(entry));
            there.Enqueue(entry);
            if (i >= 1_000 || i % 3 == 0)
            {
                LearnedEntry<string> oldest = there.Dequeue();
                Assert.True(_table.Remove(oldest));
                Assert.Null(_table.Find(oldest.Address));
            }

            foreach (LearnedEntry<string> other in there)
            {
                Assert.Same(other, _table.Find(other.Address));
            }
        }
    }

    [Fact]
    public void Remove_EntryAndItsPeer_LeavesThemToTheCollector()
    {
        WeakReference removed = AddAndRemove();
        GC.Collect();
        Assert.False(removed.IsAlive);
    }

    [Fact]
    public void Find_AndRefresh_AllocateNothing()
    {
        const int Entries = 2_000;
        for (int i = 0; i < Entries; i++)
        {
            _ = _table.TryAdd(Entry(i));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (uint i = 0; i < 2 * Entries; i++)
        {
            _table.Find(i)?.Refresh(1_000_000_000_000 + i);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Refresh_WithinASecond_WritesNothing()
    {
        LearnedEntry<string> entry = Entry(7);
        entry.Refresh(999_999_999);
        Assert.Equal(0, entry.LastReceived);
        entry.Refresh(1_000_000_000);
        Assert.Equal(1_000_000_000, entry.LastReceived);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference AddAndRemove()
    {
        LearnedEntry<string> entry = Entry(7);
        _ = _table.TryAdd(entry);
        _ = _table.Remove(entry);
        return new WeakReference(entry);
    }

    private LearnedEntry<string> Entry(int address) => new((uint)address, _owner, 0, 0);
}
