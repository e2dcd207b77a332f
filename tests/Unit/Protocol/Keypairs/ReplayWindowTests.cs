using WgNet.Device;
using WgNet.Protocol;
using WgNet.Udp;
using Xunit;

namespace WgNet.Unit.Protocol.Keypairs;

public class ReplayWindowTests
{
    private const ulong Size = ReplayWindow.Size;

    [Fact]
    public void Size_IsTheRingLessOneWord() => Assert.Equal(8192 - 64, ReplayWindow.Size);

    [Fact]
    public void TryAccept_InOrder_AcceptsEachOnce()
    {
        var window = default(ReplayWindow);
        for (ulong counter = 0; counter < 3 * Size; counter++)
        {
            Assert.True(window.TryAccept(counter));
            Assert.False(window.TryAccept(counter));
        }
    }

    [Fact]
    public void TryAccept_Backwards_AcceptsTheWholeWindowAndNothingBefore()
    {
        var window = default(ReplayWindow);
        for (ulong i = 0; i <= Size; i++)
        {
            Assert.True(window.TryAccept((3 * Size) - i), $"{i} before the first");
        }

        Assert.False(window.TryAccept((2 * Size) - 1));
        Assert.False(window.TryAccept(2 * Size));
        Assert.False(window.TryAccept(0));
    }

    [Theory]
    [InlineData(Size, true)]
    [InlineData(Size + 1, false)]
    [InlineData(10 * Size, false)]
    public void TryAccept_FirstCounterAfterAJump_DependsOnTheDistance(ulong distance, bool accepted)
    {
        var window = default(ReplayWindow);
        Assert.True(window.TryAccept(100));
        Assert.True(window.TryAccept(7 + distance));
        Assert.Equal(accepted, window.TryAccept(7));
    }

    /// <summary>The first of so many batches is opened last, by a worker that was held up: the others had one each.</summary>
    [Theory]
    [InlineData(WorkerCount.Most, true)]
    [InlineData(WorkerCount.Most + 1, false)]
    public void TryAccept_BatchBehindThoseOfAllOtherWorkers_FitsUpToTheMostWorkers(int workers, bool fits)
    {
        var window = default(ReplayWindow);
        for (int counter = ReceiveBatch.MostDatagrams; counter < workers * ReceiveBatch.MostDatagrams; counter++)
        {
            Assert.True(window.TryAccept((ulong)counter));
        }

        bool allAccepted = true;
        for (int counter = 0; counter < ReceiveBatch.MostDatagrams; counter++)
        {
            allAccepted &= window.TryAccept((ulong)counter);
        }

        Assert.Equal(fits, allAccepted);
    }

    [Fact]
    public void TryAccept_JumpOverManyRings_ForgetsAllOldBits()
    {
        var window = default(ReplayWindow);
        for (ulong counter = 0; counter < 8192; counter++)
        {
            window.TryAccept(counter);
        }

        ulong far = 8192UL << 40;
        Assert.True(window.TryAccept(far));
        for (ulong i = 1; i <= Size; i++)
        {
            Assert.True(window.TryAccept(far - i));
        }
    }

    [Fact]
    public void TryAccept_AtTheLimit_IsRefusedAndChangesNothing()
    {
        const ulong Limit = ulong.MaxValue - 8192; // 2^64 − 2^13 − 1
        var window = default(ReplayWindow);
        Assert.True(window.TryAccept(1));

        Assert.False(window.TryAccept(Limit));
        Assert.False(window.TryAccept(Limit + 1));
        Assert.False(window.TryAccept(ulong.MaxValue));

        Assert.True(window.TryAccept(0)); // the window did not move
        Assert.True(window.TryAccept(Limit - 1));
        Assert.False(window.TryAccept(Limit - 1));
        Assert.True(window.TryAccept(Limit - 1 - Size));
        Assert.False(window.TryAccept(2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void TryAccept_RandomCounters_AgreesWithASet(int seed)
    {
        var random = new Random(seed);
        var window = default(ReplayWindow);
        var seen = new HashSet<ulong>();
        ulong greatest = 0;
        for (int i = 0; i < 50_000; i++)
        {
            ulong counter = random.Next(100) switch
            {
                0 => greatest + (ulong)random.Next(20_000),
                < 50 => greatest + (ulong)random.Next(4),
                _ => greatest - Math.Min(greatest, (ulong)random.Next(9_000)),
            };
            bool expected = counter + Size >= greatest && seen.Add(counter);
            Assert.Equal(expected, window.TryAccept(counter));
            greatest = Math.Max(greatest, counter);
        }
    }
}
