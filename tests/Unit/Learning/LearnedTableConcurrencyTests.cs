using WgNet.Learning;
using Xunit;

namespace WgNet.Unit.Learning;

/// <summary>
/// Many threads in a table that is so small, and fills so fast with addresses that were given up, that it is being replaced nearly
/// all the time.
/// </summary>
public sealed class LearnedTableConcurrencyTests
{
    private const int Threads = 4;

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task Operations_OnAddressesOfOneThreadEach_AreWhatTheThreadDid(bool useAes, int seed)
    {
        LearnedTable table = new(new AddressHash(new byte[16], useAes));
        await Run(thread => new Tenant(table, thread, new Random((seed * 31) + thread)).Run(60_000));
    }

    [Fact]
    public async Task TryAdd_AddressesThatAllThreadsWant_AreOneThreadsAtATime()
    {
        const int Addresses = 6, Each = 60_000;
        LearnedTable table = new(new AddressHash(new byte[16]));
        int[] holders = new int[Addresses];
        int[] held = new int[Threads];
        await Run(thread =>
        {
            Random random = new(thread);
            for (uint i = 0; i < Each; i++)
            {
                int wanted = random.Next(Addresses);
                UInt128 address = (uint)wanted;
                if (!table.TryAdd(address, LearnedWord.Live(thread, i, isPinned: false)).IsLive)
                {
                    held[thread]++;
                    Assert.Equal(1, Interlocked.Increment(ref holders[wanted]));
                    Assert.Equal(thread, table.Find(address).Word.Owner);
                    Churn(table, thread, i);
                    LearnedWord still = table.Find(address).Word;
                    Assert.Equal((true, thread), (still.IsLive, still.Owner));
                    Assert.Equal(0, Interlocked.Decrement(ref holders[wanted]));
                    Assert.True(table.Remove(address, thread));
                    LearnedWord after = table.Find(address).Word;
                    Assert.False(after.IsLive && after.Owner == thread);
                }
            }
        });
        Assert.Equal(0, table.Count);
        Assert.All(held, count => Assert.InRange(count, 1, Each));
    }

    [Fact]
    public async Task Find_WhileOthersGrowTheTable_AlwaysFindsWhatWasAdded()
    {
        const int Each = 60_000;
        LearnedTable table = new(new AddressHash(new byte[16]));
        int[] added = new int[Threads - 1];
        await Run(thread =>
        {
            Random random = new(thread);
            for (int i = 0; i < Each; i++)
            {
                if (thread < added.Length)
                {
                    Assert.False(table.TryAdd(Address(thread, i), LearnedWord.Live(thread, i, isPinned: false)).IsLive);
                    Volatile.Write(ref added[thread], i + 1);
                }

                int other = random.Next(added.Length);
                int count = Volatile.Read(ref added[other]);
                if (count > 0)
                {
                    LearnedWord found = table.Find(Address(other, random.Next(count))).Word;
                    Assert.Equal((true, other), (found.IsLive, found.Owner));
                }
            }
        });
        Assert.Equal(added.Length * Each, table.Count);
    }

    [Fact]
    public async Task AddPackets_WhileTheTableIsReplaced_LosesNone()
    {
        const int Addresses = 8, Each = 40_000;
        LearnedTable table = new(new AddressHash(new byte[16]));
        for (uint i = 0; i < Addresses; i++)
        {
            _ = table.TryAdd(i, LearnedWord.Live(Threads, 0, isPinned: false));
        }

        int[] lives = [.. Enumerable.Range(0, Addresses).Select(i => table.Packets((uint)i).Life)];
        await Run(thread =>
        {
            long[] seen = new long[Addresses];
            for (uint i = 0; i < Each; i++)
            {
                Churn(table, thread, i);
                uint address = i % Addresses;
                table.AddPackets(address, lives[address], 1);
                PacketWord packets = table.Packets(address);
                Assert.Equal(lives[address], packets.Life);
                Assert.True(packets.Packets > seen[address], "packets that were counted are missing");
                seen[address] = packets.Packets;
            }
        });
        Assert.All(Enumerable.Range(0, Addresses), i => Assert.Equal(Threads * Each / Addresses, table.Packets((uint)i).Packets));
    }

    [Fact]
    public async Task Refresh_WhileTheTableIsReplaced_NeverLosesATime()
    {
        const int Each = 40_000;
        LearnedTable table = new(new AddressHash(new byte[16]));
        for (int thread = 0; thread < Threads; thread++)
        {
            _ = table.TryAdd((uint)thread, LearnedWord.Live(thread, 0, isPinned: false));
        }

        await Run(thread =>
        {
            for (uint i = 1; i < Each; i++)
            {
                long now = i * LearnedWord.TimeUnit;
                Found found = table.Find((uint)thread);
                Churn(table, thread, i);
                table.Refresh((uint)thread, found, now);
                Assert.Equal(LearnedWord.Live(thread, now, isPinned: false), table.Find((uint)thread).Word.Thaw());
            }
        });
    }

    // An address that was never used before comes and goes, so that the table fills.
    private static void Churn(LearnedTable table, int thread, uint number)
    {
        UInt128 address = Address(thread, (int)number);
        Assert.False(table.TryAdd(address, LearnedWord.Live(thread, 0, isPinned: false)).IsLive);
        Assert.True(table.Remove(address, thread));
        Assert.False(table.Find(address).Word.IsLive);
    }

    private static UInt128 Address(int thread, int number) => ((UInt128)(uint)(thread + 1) << 64) | (uint)number;

    private static async Task Run(Action<int> action)
    {
        using Barrier start = new(Threads);
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                action(thread);
            },
            TaskCreationOptions.LongRunning)));
    }

    /// <summary>A thread with addresses that no other one uses, and what must be in the table about them.</summary>
    private sealed class Tenant(LearnedTable table, int owner, Random random)
    {
        private const int Most = 8;

        private readonly Dictionary<UInt128, (LearnedWord Word, long Packets)> _has = [];
        private readonly List<UInt128> _had = [];
        private int _made;

        public void Run(int operations)
        {
            for (int i = 0; i < operations; i++)
            {
                if (_has.Count == 0 || random.Next(Most) >= _has.Count)
                {
                    Add(i);
                }
                else
                {
                    Change(_has.Keys.ElementAt(random.Next(_has.Count)), (i + 1) * LearnedWord.TimeUnit);
                }

                foreach ((UInt128 address, (LearnedWord Word, long Packets) expected) in _has)
                {
                    Assert.Equal(expected.Word, table.Find(address).Word.Thaw());
                    Assert.Equal(expected.Packets, table.Packets(address).Packets);
                }

                for (int k = 0; k < 3 && _had.Count > 0; k++)
                {
                    Assert.False(table.Find(_had[random.Next(Math.Max(0, _had.Count - 50), _had.Count)]).Word.IsLive);
                }
            }
        }

        private void Add(int packets)
        {
            UInt128 address = Address(owner, _made);
            if (_had.Count > 0 && random.Next(2) == 0)
            {
                address = _had[^1];
                _had.RemoveAt(_had.Count - 1);
            }
            else
            {
                _made++;
            }

            LearnedWord word = LearnedWord.Live(owner, 0, isPinned: false);
            Assert.False(table.TryAdd(address, word, packets).IsLive);
            Assert.True(table.TryAdd(address, LearnedWord.Live(owner + 1, 0, isPinned: false)).IsLive);
            _has[address] = (word, packets);
        }

        private void Change(UInt128 address, long now)
        {
            (LearnedWord word, long packets) = _has[address];
            switch (random.Next(5))
            {
                case 0 or 1:
                    Assert.True(table.Remove(address, owner));
                    Assert.False(table.Find(address).Word.IsLive);
                    _ = _has.Remove(address);
                    _had.Add(address);
                    break;
                case 2:
                    table.Refresh(address, table.Find(address), now);
                    _has[address] = (word.WithLastReceived(now), packets);
                    break;
                case 3:
                    Assert.True(table.Pin(address, owner));
                    _has[address] = (LearnedWord.Live(owner, word.LastReceived, isPinned: true), packets);
                    break;
                default:
                    table.AddPackets(address, table.Packets(address).Life, 2);
                    _has[address] = (word, packets + 2);
                    break;
            }
        }
    }
}
