using WgNet.Learning;
using Xunit;

namespace WgNet.Unit.Learning;

public sealed class LearnedTableTests
{
    private const long Second = 1_000_000_000;
    private const int P = 1, Q = 2;

    private readonly LearnedTable _table = new(new AddressHash(new byte[16]));

    [Fact]
    public void TryAdd_AddressThatIsSomebodys_SaysWhose()
    {
        Assert.Equal(LearnedWord.None, _table.TryAdd(7, Live(P)));
        Assert.Equal(Live(P), _table.TryAdd(7, Live(Q)));
        Assert.Equal(Live(P), _table.Find(7).Word);
        Assert.Equal(LearnedWord.None, _table.Find(8).Word);
        Assert.Equal(1, _table.Count);
    }

    [Fact]
    public void TryAdd_TheGreatestOwnerAndTimes_AreFoundAgain()
    {
        long century = 30L * 365 * 24 * 3600 * Second;
        LearnedWord[] words =
        [
            LearnedWord.Live(0, 0, isPinned: false), LearnedWord.Live(LearnedWord.Owners - 1, century, isPinned: true),
            LearnedWord.Live(5, -century, isPinned: false), LearnedWord.Live(5, -LearnedWord.TimeUnit, isPinned: true),
        ];
        for (int i = 0; i < words.Length; i++)
        {
            _ = _table.TryAdd((uint)i, words[i]);
        }

        Assert.Equal(words, Enumerable.Range(0, words.Length).Select(i => _table.Find((uint)i).Word));
        Assert.Equal([0, LearnedWord.Owners - 1, 5, 5], words.Select(word => word.Owner));
        Assert.Equal([0, century, -century, -LearnedWord.TimeUnit], words.Select(word => word.LastReceived));
        Assert.Equal([false, true, false, true], words.Select(word => word.IsPinned));
    }

    [Fact]
    public void Live_TimeBetweenUnitsOrOutOfRange_IsRoundedDownOrBounded()
    {
        Assert.Equal(0, LearnedWord.Live(P, LearnedWord.TimeUnit - 1, isPinned: false).LastReceived);
        Assert.Equal(-LearnedWord.TimeUnit, LearnedWord.Live(P, -1, isPinned: false).LastReceived);
        Assert.InRange(LearnedWord.Live(P, long.MaxValue, isPinned: false).LastReceived, 34L * 365 * 24 * 3600 * Second, long.MaxValue);
        Assert.InRange(LearnedWord.Live(P, long.MinValue, isPinned: false).LastReceived, long.MinValue, -34L * 365 * 24 * 3600 * Second);
    }

    [Fact]
    public void Remove_AddressOfAnotherOrOfNobody_ChangesNothing()
    {
        _ = _table.TryAdd(7, Live(P));
        Assert.False(_table.Remove(7, Q));
        Assert.False(_table.Remove(8, P));
        Assert.True(_table.Find(7).Word.IsLive);
        Assert.True(_table.Remove(7, P));
        Assert.False(_table.Remove(7, P));
        Assert.False(_table.Find(7).Word.IsLive);
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void TryAdd_AddressThatWasRemoved_TakesItsSlotAgain()
    {
        // If each took a new slot, the array would be filled and replaced.
        for (int i = 0; i < 10 * SlotArray.Fewest; i++)
        {
            Assert.False(_table.TryAdd(7, Live(i % 3)).IsLive);
            Assert.Equal(Live(i % 3), _table.Find(7).Word);
            Assert.True(_table.Remove(7, i % 3));
        }

        Assert.Equal(SlotArray.Fewest, _table.Length);
    }

    [Fact]
    public void TryAdd_OneAddressAfterAnother_DoesNotGrowByThoseThatAreGone()
    {
        for (uint i = 0; i < 100_000; i++)
        {
            Assert.False(_table.TryAdd(i, Live(P)).IsLive);
            Assert.True(i < 20 || _table.Remove(i - 20, P));
        }

        Assert.Equal(SlotArray.Fewest, _table.Length);
        Assert.Equal(20, Enumerable.Range(0, 100_000).Count(i => _table.Find((uint)i).Word.IsLive));
    }

    [Fact]
    public void Trim_AfterMostAreRemoved_GivesTheMemoryBackAndKeepsTheRest()
    {
        for (uint i = 0; i < 40_000; i++)
        {
            _ = _table.TryAdd(i, Live(P), packets: i);
        }

        int length = _table.Length;
        _table.Trim();
        Assert.Equal(length, _table.Length);
        for (uint i = 100; i < 40_000; i++)
        {
            Assert.True(_table.Remove(i, P));
        }

        _table.Trim();
        Assert.InRange(_table.Length, 128, 1024);
        Assert.Equal(100, _table.Count);
        Assert.All(Enumerable.Range(0, 100), i => Assert.Equal((Live(P), (long)i), (_table.Find((uint)i).Word, _table.Packets((uint)i).Packets)));
        Assert.All(Enumerable.Range(100, 1_000), i => Assert.False(_table.Find((uint)i).Word.IsLive));
    }

    [Fact]
    public void Pin_AndUnpin_ChangeTheOwnersAddressAlone()
    {
        _ = _table.TryAdd(7, Live(P));
        Assert.False(_table.Pin(7, Q));
        Assert.False(_table.Pin(8, P));
        Assert.True(_table.Pin(7, P));
        Assert.Equal(LearnedWord.Live(P, Second, isPinned: true), _table.Find(7).Word);
        Assert.True(_table.Unpin(7, P, 9 * Second));
        Assert.Equal(LearnedWord.Live(P, 9 * Second, isPinned: false), _table.Find(7).Word);
    }

    [Fact]
    public void Refresh_WordThatChangedSince_KeepsTheLaterTimeAndRaisesNobody()
    {
        _ = _table.TryAdd(7, Live(P));
        Found found = _table.Find(7);
        _table.Refresh(7, found, 5 * Second);
        _table.Refresh(7, found, 3 * Second);
        Assert.Equal(5 * Second, _table.Find(7).Word.LastReceived);
        _ = _table.Remove(7, P);
        _table.Refresh(7, found, 9 * Second);
        Assert.False(_table.Find(7).Word.IsLive);
        _ = _table.TryAdd(7, Live(Q));
        _table.Refresh(7, found, 9 * Second);
        Assert.Equal(Live(Q), _table.Find(7).Word);
    }

    [Fact]
    public void Refresh_PlaceThatWasMovedSince_NotesThePacketWhereTheAddressIsNow()
    {
        _ = _table.TryAdd(7, Live(P));
        Found found = _table.Find(7);
        for (uint i = 1_000; i < 2_000; i++)
        {
            _ = _table.TryAdd(i, Live(Q));
        }

        Assert.True(found.ReadAgain().IsGone);
        _table.Refresh(7, found, 5 * Second);
        Assert.Equal(5 * Second, _table.Find(7).Word.LastReceived);
    }

    [Fact]
    public void AddPackets_OfAnEarlierLife_AreNotTheNextOnes()
    {
        _ = _table.TryAdd(7, Live(P), packets: 5);
        PacketWord first = _table.Packets(7);
        _table.AddPackets(7, first.Life, 2);
        Assert.Equal(7, _table.Packets(7).Packets);
        _ = _table.Remove(7, P);
        _table.AddPackets(7, first.Life, 2);
        Assert.Equal(0, _table.Packets(7).Life);
        _ = _table.TryAdd(7, Live(P));
        _table.AddPackets(7, first.Life, 2);
        Assert.Equal(0, _table.Packets(7).Packets);
        Assert.NotEqual(first.Life, _table.Packets(7).Life);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(long.MaxValue, (1L << 51) - 1)]
    public void TryAdd_CountsThatNoSlotCanHold_AreBounded(long packets, long expected)
    {
        _ = _table.TryAdd(7, Live(P), packets);
        Assert.Equal(expected, _table.Packets(7).Packets);
        _table.AddPackets(7, _table.Packets(7).Life, 3);
        Assert.Equal(Math.Min(expected + 3, (1L << 51) - 1), _table.Packets(7).Packets);
        Assert.Equal(Live(P), _table.Find(7).Word);
    }

    [Fact]
    public void CanHold_AddressesWhoseMaskedHalvesLookEmptyOrClosed_IsFalse()
    {
        // The masks are the key of address 0.
        AddressHash hash = new(new byte[16]);
        (ulong low, ulong high) = (hash.KeyOf(0).Low, hash.KeyOf(0).High);
        Assert.False(_table.CanHold(new UInt128(1, low)));
        Assert.False(_table.CanHold(new UInt128(1, ~low)));
        Assert.False(_table.CanHold(new UInt128(high, 1)));
        Assert.True(_table.CanHold(new UInt128(~high, 1)));
        Assert.Equal(LearnedWord.None, _table.Find(new UInt128(1, low)).Word);
        Assert.Equal(LearnedWord.None, _table.Find(new UInt128(1, ~low)).Word);
        Assert.Equal(LearnedWord.None, _table.Find(new UInt128(high, 1)).Word);
    }

    [Fact]
    public void Copy_ByAThreadThatIsLate_BringsNothingBack()
    {
        // A thread has frozen the slot and is stopped; another one, which wants to remove the address, ends the move for it.
        _ = _table.TryAdd(7, Live(P), packets: 5);
        Found late = Frozen(7);
        Assert.Equal(Live(P), late.Word.Thaw());
        Assert.True(_table.Remove(7, P));
        _table.Copy(late);
        Assert.False(_table.Find(7).Word.IsLive);

        // The next array is replaced, too, and what was dead is not taken along.
        for (uint i = 1_000; i < 2_000; i++)
        {
            _ = _table.TryAdd(i, Live(Q));
        }

        _table.Copy(late);
        Assert.False(_table.Find(7).Word.IsLive);
        _ = _table.TryAdd(7, Live(Q), packets: 1);
        _table.Copy(late);
        Assert.Equal((Live(Q), 1L), (_table.Find(7).Word, _table.Packets(7).Packets));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Operations_AMillionAtRandom_AgreeWithADictionary(bool useAes)
    {
        LearnedTable table = new(new AddressHash(new byte[16], useAes));
        Random random = new(20261121);
        Dictionary<int, (LearnedWord Word, long Packets)> model = [];
        for (int i = 0; i < 1_000_000; i++)
        {
            // The table grows, shrinks, and grows again.
            int key = random.Next(i / 250_000 % 2 == 0 ? 50_000 : 500);
            bool isThere = model.TryGetValue(key, out (LearnedWord Word, long Packets) expected);
            switch (random.Next(8))
            {
                case 0 or 1:
                    LearnedWord added = LearnedWord.Live(random.Next(9), i * Second, isPinned: random.Next(2) == 0);
                    Assert.Equal(expected.Word, table.TryAdd((uint)key, added, packets: i));
                    _ = model.TryAdd(key, (added, i));
                    break;
                case 2 when isThere:
                    Assert.True(table.Remove((uint)key, expected.Word.Owner));
                    _ = model.Remove(key);
                    break;
                case 3 when isThere:
                    table.Refresh((uint)key, table.Find((uint)key), i * Second);
                    model[key] = (expected.Word.WithLastReceived(i * Second), expected.Packets);
                    break;
                case 4 when isThere:
                    Assert.True(table.Pin((uint)key, expected.Word.Owner));
                    model[key] = (LearnedWord.Live(expected.Word.Owner, expected.Word.LastReceived, isPinned: true), expected.Packets);
                    break;
                case 5:
                    table.AddPackets((uint)key, table.Packets((uint)key).Life, 3);
                    if (isThere)
                    {
                        model[key] = (expected.Word, expected.Packets + 3);
                    }

                    break;
                default:
                    LearnedWord found = table.Find((uint)key).Word;
                    Assert.Equal(expected.Word, isThere || found.IsLive ? found : default);
                    break;
            }

            if (i % 100_000 == 99_999)
            {
                foreach (int old in model.Keys.Where(key => key >= 500).ToArray())
                {
                    Assert.True(table.Remove((uint)old, model[old].Word.Owner));
                    _ = model.Remove(old);
                }

                table.Trim();
            }
        }

        Assert.Equal(model.Count, table.Count);
        Assert.All(model, pair => Assert.Equal(pair.Value, (table.Find((uint)pair.Key).Word, table.Packets((uint)pair.Key).Packets)));
    }

    [Fact]
    public void Find_AfterEachAddAndRemove_FindsAllThatIsThere()
    {
        // Adds move the table on bit by bit: each state between is looked at.
        Queue<uint> there = [];
        for (uint i = 0; i < 3_000; i++)
        {
            Assert.False(_table.TryAdd(i, Live((int)i)).IsLive);
            there.Enqueue(i);
            if (i >= 1_000 || i % 3 == 0)
            {
                uint oldest = there.Dequeue();
                Assert.True(_table.Remove(oldest, (int)oldest));
                Assert.False(_table.Find(oldest).Word.IsLive);
            }

            foreach (uint other in there)
            {
                Assert.Equal((int)other, _table.Find(other).Word.Owner);
            }
        }
    }

    [Fact]
    public void FindRefreshAndCount_AllocateNothing()
    {
        const int Addresses = 2_000;
        for (uint i = 0; i < Addresses; i++)
        {
            _ = _table.TryAdd(i, Live(P));
        }

        PacketTally tally = new(_table);
        Use(0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Use(1_000 * Second);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Use(long now)
        {
            for (uint i = 0; i < 2 * Addresses; i++)
            {
                Found found = _table.Find(i);
                if (found.Word.IsLive)
                {
                    _table.Refresh(i, found, now + i);
                    tally.Count(i, 1, now + i);
                }
            }
        }
    }

    private Found Frozen(UInt128 address)
    {
        Found found = _table.Find(address);
        _ = found.Array!.Replace(new SlotArray(SlotArray.Fewest));
        Assert.True(found.TryReplace(found.Word.Freeze()));
        return _table.Find(address);
    }

    private static LearnedWord Live(int owner) => LearnedWord.Live(owner, Second, isPinned: false);
}
