using WgNet.Cli.Show;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class HumanUnitsTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.00 KiB")]
    [InlineData(1_258_291, "1.20 MiB")]
    [InlineData(5L << 30, "5.00 GiB")]
    [InlineData(2048L << 40, "2048.00 TiB")]
    public void Bytes_Count_HasWgsUnit(long bytes, string expected) => Assert.Equal(expected, HumanUnits.Bytes(bytes, Paint.None));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023.4, "1023 B")]
    [InlineData(1023.6, "1.0 KiB")]
    [InlineData(99.94 * 1024, "99.9 KiB")]
    [InlineData(99.96 * 1024, "100 KiB")]
    [InlineData(1023.6 * 1024, "1.0 MiB")]
    [InlineData(5e300, "9999 TiB")]
    public void ShortBytes_Rate_HasAtMostEightCharacters(double bytes, string expected) => Assert.Equal(expected, HumanUnits.ShortBytes(bytes));

    [Theory]
    [InlineData(0, "Now")]
    [InlineData(1, "1 second ago")]
    [InlineData(61, "1 minute, 1 second ago")]
    [InlineData(7200, "2 hours ago")]
    [InlineData((365 * 86400L) + 86400 + 2, "1 year, 1 day, 2 seconds ago")]
    [InlineData(-1, "(System clock wound backward; connection problems may ensue.)")]
    public void Ago_Elapsed_HasWgsWords(long elapsed, string expected) =>
        Assert.Equal(expected, HumanUnits.Ago(1_000_000_000 - elapsed, 1_000_000_000, Paint.None));

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(59, "59 s")]
    [InlineData(60, "1 min")]
    [InlineData(3600, "1 h")]
    [InlineData(172_800, "2 d")]
    public void ShortDuration_Seconds_IsOneUnit(long seconds, string expected) => Assert.Equal(expected, HumanUnits.ShortDuration(seconds));
}
