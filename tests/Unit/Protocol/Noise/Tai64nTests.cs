using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol.Noise;

public class Tai64nTests
{
    private const long Second = 1_000_000_000;

    [Theory]
    [InlineData(0, "400000000000000a00000000")]
    [InlineData(1_700_000_000 * Second, "400000006553f10a00000000")]
    [InlineData((1_700_000_000 * Second) + (1 << 24) - 1, "400000006553f10a00000000")]
    [InlineData((1_700_000_000 * Second) + (1 << 24), "400000006553f10a01000000")]
    [InlineData((1_700_000_000 * Second) + 999_999_999, "400000006553f10a3b000000")]
    [InlineData(-1, "40000000000000093b000000")]
    public void Write_WallTime_IsTheWhitenedStamp(long wallTime, string expected)
    {
        byte[] stamp = new byte[Tai64n.Size];
        Tai64n.Write(wallTime, stamp);
        Assert.Equal(expected, Convert.ToHexStringLower(stamp));
    }

    [Theory]
    [InlineData(0)]
    [InlineData((1 << 24) - 1)]
    [InlineData(999_999_999)]
    [InlineData((1_700_000_000 * Second) + 995_000_000)]
    public void Next_AnyTime_IsTheFollowingStamp(long wallTime)
    {
        long next = Tai64n.Next(wallTime);

        Assert.True(next > wallTime);
        Assert.InRange(next - wallTime, 1, Tai64n.Granularity);
        Assert.Equal(next, Tai64n.Whiten(next));
        Assert.True(Tai64n.IsAfter(Stamp(next), Stamp(wallTime)));
    }

    [Fact]
    public void IsAfter_SameEarlierAndLater_OnlyLaterIs()
    {
        byte[] stamp = Stamp(5 * Second);
        Assert.False(Tai64n.IsAfter(stamp, stamp));
        Assert.False(Tai64n.IsAfter(Stamp(4 * Second), stamp));
        Assert.True(Tai64n.IsAfter(Stamp(6 * Second), stamp));
        Assert.True(Tai64n.IsAfter(Stamp(-Second), new byte[Tai64n.Size]));
    }

    private static byte[] Stamp(long wallTime)
    {
        byte[] stamp = new byte[Tai64n.Size];
        Tai64n.Write(wallTime, stamp);
        return stamp;
    }
}
