using WgNet.Linux;
using Xunit;

namespace WgNet.Unit.Linux;

public class SodiumSecretPagesTests
{
    private const long Second = 1_000_000_000;

    [Fact]
    public void Allocate_AfterUse_IsZeroed()
    {
        long now = 0;
        var pages = new SecretPages(() => now);
        SecretCell cell = pages.Allocate(32);
        cell.Span.Fill(0xAA);
        cell.Dispose();
        now = 10 * Second;

        using SecretCell next = pages.Allocate(32);

        Assert.True(cell.Span.Overlaps(next.Span)); // the same memory
        Assert.False(next.Span.ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Dispose_Secret_IsOverwrittenWithSomethingUnknown()
    {
        var pages = new SecretPages();
        SecretCell cell = pages.Allocate(32);
        cell.Span.Fill(0xAA);

        cell.Dispose();

        // Neither the secret nor a key that everybody knows: a thread may still be sealing with it.
        Assert.True(cell.Span.Count((byte)0xAA) < 8);
        Assert.True(cell.Span.Count((byte)0) < 8);
    }

    [Fact]
    public void Allocate_CellFreedJustNow_IsNotGivenOutAgain()
    {
        long now = 0;
        var pages = new SecretPages(() => now);
        SecretCell cell = pages.Allocate(32);
        cell.Dispose();
        now = (10 * Second) - 1;

        using SecretCell next = pages.Allocate(32);

        Assert.False(cell.Span.Overlaps(next.Span));
    }

    [Fact]
    public void Dispose_Twice_GivesTheCellOutOnce()
    {
        long now = 0;
        var pages = new SecretPages(() => now);
        SecretCell cell = pages.Allocate(64);
        cell.Dispose();
        cell.Dispose();
        now = 10 * Second;

        using SecretCell a = pages.Allocate(64);
        using SecretCell b = pages.Allocate(64);

        Assert.False(a.Span.Overlaps(b.Span));
    }

    [Fact]
    public void Allocate_ForTenThousandPeers_TakesAFewMegabytes()
    {
        var pages = new SecretPages();
        SecretCell[] cells = [.. Enumerable.Range(0, 50_000).Select(i => pages.Allocate(i % 2 == 0 ? 32 : 64))];
        for (int i = 0; i < cells.Length; i++)
        {
            cells[i].Span.Fill((byte)i);
        }

        Assert.True(pages.MappedBytes <= 3 << 20, $"{pages.MappedBytes} bytes");
        for (int i = 0; i < cells.Length; i++)
        {
            Assert.False(cells[i].Span.ContainsAnyExcept((byte)i)); // no cell overlaps another
            cells[i].Dispose();
        }
    }

    [Fact]
    public void Allocate_ByManyThreads_NeverOverlaps()
    {
        long now = 0;
        var pages = new SecretPages(() => Interlocked.Add(ref now, Second)); // cells come back soon
        int clashes = 0;
        Parallel.For(0, 4, thread =>
        {
            for (int i = 0; i < 5_000; i++)
            {
                using SecretCell cell = pages.Allocate(32);
                cell.Span.Fill((byte)(thread + 1));
                Thread.Yield();
                if (cell.Span.ContainsAnyExcept((byte)(thread + 1)))
                {
                    Interlocked.Increment(ref clashes);
                }
            }
        });

        Assert.Equal(0, clashes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65537)]
    public void Allocate_LengthOutOfRange_Throws(int length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SecretPages().Allocate(length));

    [Fact]
    public void Allocate_LargestLength_Works()
    {
        using SecretCell cell = new SecretPages().Allocate(65536);
        cell.Span.Fill(1);
        Assert.Equal(65536, cell.Span.Length);
    }
}
