using WgNet.Cli;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class TextWrapTests
{
    private static readonly string Long = new('x', 70);

    [Fact]
    public void Wrap_TooLong_BreaksBeforeWhatDoesNotFit() => Assert.Equal($"{Long} yyyyyyyyy\n    zz", TextWrap.Wrap($"{Long} yyyyyyyyy zz", indent: 4));

    [Fact]
    public void Wrap_FirstLinePartlyTaken_CountsThat() => Assert.Equal($"{Long}\n    yyyyyyyyy zz", TextWrap.Wrap($"{Long} yyyyyyyyy zz", indent: 4, taken: 4));

    [Theory]
    [InlineData("<public key>")]
    [InlineData("[peer <key>]...")]
    [InlineData("<address>/<prefix length>")]
    public void Wrap_APlaceholderOrOption_StaysWhole(string piece) => Assert.Equal($"{Long}\n{piece}", TextWrap.Wrap($"{Long} {piece}", indent: 0));

    [Fact]
    public void Wrap_OptionLongerThanALine_IsBrokenAllTheSame() =>
        Assert.DoesNotContain(TextWrap.Wrap($"[a | {string.Join(" | ", Enumerable.Repeat("word", 40))}]", indent: 8).Split('\n'), line => line.Length > TextWrap.Width);

    [Fact]
    public void Lines_ShortAndLong_OnlyTheLongAreChanged() => Assert.Equal($"a   b\n{Long}\nyyyyyyyyyy", TextWrap.Lines($"a   b\n{Long} yyyyyyyyyy"));
}
