using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using WgNet.Learning;
using Xunit;

namespace WgNet.Unit.Learning;

/// <summary>The states of a slot's key: empty, half taken, taken, closed.</summary>
public sealed class SlotArrayTests
{
    private const int None = -1;

    private readonly SlotArray _array = new(SlotArray.Fewest);

    [Fact]
    public void FindOrTake_EmptySlots_GivesEachKeyOneInTheOrderOfItsSearch()
    {
        Assert.Equal((None, true), Find(Key(1, 1)));
        Assert.Equal([0, 1, 2, 3], Enumerable.Range(1, 4).Select(i => Take(Key((ulong)i, 9))));
        Assert.Equal([0, 1, 2, 3], Enumerable.Range(1, 4).Select(i => Take(Key((ulong)i, 9))));
        Assert.Equal([0, 1, 2, 3], Enumerable.Range(1, 4).Select(i => Find(Key((ulong)i, 9)).Slot));
        Assert.Equal([0, 1, None, None], Enumerable.Range(1, 4).Select(i => FindInFirstLine(Key((ulong)i, 9)).Slot));
        Assert.Equal(4, _array.Used);
        Assert.Equal((None, true), Find(Key(1, 8)));
    }

    [Fact]
    public void FindOrTake_SlotThatIsHalfTaken_CompletesIt()
    {
        _array.Slot(0) = 5;
        Assert.Equal((None, true), Find(Key(5, 6)));
        Assert.Equal(0, Take(Key(5, 6)));
        Assert.Equal(1, Take(Key(5, 7)));
        Assert.Equal(0, Find(Key(5, 6)).Slot);
        Assert.Equal(1, Find(Key(5, 7)).Slot);
    }

    [Fact]
    public void FindOrTake_SlotThatIsHalfTakenByAnother_PassesIt()
    {
        _array.Slot(0) = 4;
        Assert.Equal(1, Take(Key(5, 6)));
        Assert.Equal(1, Find(Key(5, 6)).Slot);
        Assert.Equal(0UL, SlotArray.High(ref _array.Slot(0)));
    }

    [Fact]
    public void FindOrClose_KeyWithoutASlot_NeverGetsOne()
    {
        _ = Take(Key(1, 1));
        Assert.Equal(0, NumberOf(ref _array.FindOrClose(Key(1, 1))));
        Assert.Equal(None, NumberOf(ref _array.FindOrClose(Key(2, 2))));
        Assert.Equal(None, Take(Key(2, 2)));
        Assert.Equal(None, Take(Key(3, 3)));
        Assert.Equal((None, false), Find(Key(2, 2)));
        Assert.Equal((None, false), FindInFirstLine(Key(2, 2)));
        Assert.Equal(0, Find(Key(1, 1)).Slot);
        Assert.Equal(1, _array.Used);
    }

    [Fact]
    public void Find_FirstSlotOfALineClosedAndSecondEmpty_GoesOn()
    {
        Assert.False(SlotArray.HasKeyOrCloses(ref _array.Slot(0)));
        Assert.Equal((None, false), Find(Key(1, 1)));
        Assert.Equal((None, false), FindInFirstLine(Key(1, 1)));
        Assert.False(SlotArray.HasKeyOrCloses(ref _array.Slot(0)));
        _array.Slot(2) = 1;
        Assert.True(SlotArray.HasKeyOrCloses(ref _array.Slot(2)));
    }

    [Fact]
    public void Find_FirstSlotOfALineEmptyAndSecondClosed_IsAbsent()
    {
        Assert.False(SlotArray.HasKeyOrCloses(ref _array.Slot(1)));
        Assert.Equal((None, true), Find(Key(1, 1)));
        Assert.Equal(0, Take(Key(1, 1)));
        Assert.Equal(None, Take(Key(2, 2)));
    }

    [Fact]
    public void FindOrTake_EverySlotTaken_FindsNoneAndEnds()
    {
        for (uint i = 1; i <= SlotArray.Fewest; i++)
        {
            Assert.NotEqual(None, Take(Key(i, i, line: (int)i * 7)));
        }

        SlotKey other = Key(1_000, 1_000, line: 31);
        Assert.Equal(None, Take(other));
        Assert.Equal(None, NumberOf(ref _array.FindOrClose(other)));
        Assert.Equal((None, false), Find(other));
        Assert.All(Enumerable.Range(1, SlotArray.Fewest), i => Assert.NotEqual(None, Find(Key((uint)i, (uint)i, line: i * 7)).Slot));
    }

    [Fact]
    public unsafe void Create_AnyLength_PutsTwoSlotsIntoEachCacheLine()
    {
        for (int length = SlotArray.Fewest; length <= 1 << 16; length *= 2)
        {
            SlotArray array = new(length);
            fixed (ulong* first = &array.Slot(0), last = &SlotArray.Packets(ref array.Slot(length - 1)))
            {
                Assert.Equal(0, (nint)first % 64);
                Assert.Equal((length * 32) - 8, (nint)last - (nint)first);
            }
        }
    }

    [Fact]
    public async Task FindOrTake_FromManyThreads_GivesEachKeyOneSlot()
    {
        // Neighbours share their lower half, so that threads meet in slots that are half taken.
        const int Threads = 4, Keys = 3_000, Rounds = 50;
        using Barrier start = new(Threads);
        for (int round = 0; round < Rounds; round++)
        {
            SlotArray array = new(4_096);
            int[][] slots = await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    return Enumerable.Range(0, Keys).Select(i => NumberOf(array, ref array.FindOrTake(KeyOf(i)))).ToArray();
                },
                TaskCreationOptions.LongRunning)));
            Assert.All(slots, of => Assert.Equal(slots[0], of));
            Assert.Equal(Keys, slots[0].Distinct().Count());
            Assert.Equal(Keys, array.Used);
        }

        static SlotKey KeyOf(int i) => Key(1 + (uint)(i / 2), 1 + (uint)i, line: i / 2);
    }

    private static SlotKey Key(ulong low, ulong high, int line = 0) => new(Vector128.Create(low, high), hash: (ulong)line * 64);

    private static int NumberOf(SlotArray array, ref ulong slot) =>
        Unsafe.IsNullRef(ref slot) ? None : (int)Unsafe.ByteOffset(ref array.Slot(0), ref slot) / 32;

    private int NumberOf(ref ulong slot) => NumberOf(_array, ref slot);

    private int Take(SlotKey key) => NumberOf(ref _array.FindOrTake(key));

    private (int Slot, bool IsAbsent) Find(SlotKey key) => (NumberOf(ref _array.Find(key, out bool isAbsent)), isAbsent);

    private (int Slot, bool IsAbsent) FindInFirstLine(SlotKey key) => (NumberOf(ref _array.FindInFirstLine(key, out bool isAbsent)), isAbsent);
}
