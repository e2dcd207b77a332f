using WgNet.Micro.Turns;
using Xunit;

namespace WgNet.Unit.Learning;

/// <summary>What can be told without a clock of the benchmark of look-ups in turns.</summary>
public sealed class TurnsTableTests
{
    [Theory]
    [InlineData(new double[] { 7 }, 7, 7, 7)]
    [InlineData(new double[] { 4, 2 }, 2.5, 3, 3.5)]
    [InlineData(new double[] { 900, 1, 3, 2, 4 }, 2, 3, 4)]
    public void Quartiles_OfValuesInAnyOrder_AreThoseOfTheSorted(double[] values, double lower, double median, double upper)
    {
        Assert.Equal(new Quartiles(lower, median, upper), Quartiles.Of(values));
    }

    [Fact]
    public void Quartiles_OfNothing_AreRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => Quartiles.Of([]));

    [Fact]
    public void Table_OfRows_LinesUpAndSaysWhatTheFirstIsOfTheOthers()
    {
        StringWriter output = new();

        TurnsTable.Print(
            ["WgNet", "ConcurrentDictionary"],
            [
                new TurnsRow("hit", 1_000, "alone", [new(12, 12.5, 13), new(11, 12.5, 14)]),
                new TurnsRow("miss", 1_000_000, "in turns, packets between", [new(70, 75, 80), new(120, 150, 199.94)]),
            ],
            output);

        string[] lines = output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.Equal(lines[0].Length, lines[1].Length);
        Assert.Equal(lines[0].Length, lines[2].Length);
        Assert.EndsWith("12.5 [12.0, 13.0]     12.5 [11.0, 14.0] (1.00×)", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("75.0 [70.0, 80.0]  150.0 [120.0, 199.9] (0.50×)", lines[2], StringComparison.Ordinal);
        Assert.Matches(@"^hit, 1,000\s+alone\s", lines[1]);
        Assert.Matches(@"^miss, 1,000,000\s+in turns, packets between\s", lines[2]);
    }
}
