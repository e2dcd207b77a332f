using System.Buffers;
using System.Text;
using WgNet.Metrics;
using Xunit;

namespace WgNet.Unit.Metrics;

public sealed class MetricsWriterTests
{
    private static readonly MetricFamily Bytes = new("x_bytes", MetricType.Counter, "bytes", "Some bytes.", "a", "b");
    private static readonly MetricFamily Age = new("x_age_seconds", MetricType.Gauge, "seconds", "A time.");
    private static readonly MetricFamily Build = new("x_build", MetricType.Info, null, "A version.");

    [Fact]
    public void Write_OpenMetrics_NamesFamiliesWithoutSuffixAndTellsUnits() => Assert.Equal(
        """
        # TYPE x_bytes counter
        # UNIT x_bytes bytes
        # HELP x_bytes Some bytes.
        x_bytes_total{a="1",b="2"} 9223372036854775807
        # TYPE x_age_seconds gauge
        # UNIT x_age_seconds seconds
        # HELP x_age_seconds A time.
        x_age_seconds{a="1"} 1.000000007
        # TYPE x_build info
        # HELP x_build A version.
        x_build_info{a="1"} 1
        # EOF

        """,
        Write(MetricsFormat.OpenMetrics));

    [Fact]
    public void Write_Plain_NamesThemAsTheirSamplesAndKnowsNoUnits() => Assert.Equal(
        """
        # TYPE x_bytes_total counter
        # HELP x_bytes_total Some bytes.
        x_bytes_total{a="1",b="2"} 9223372036854775807
        # TYPE x_age_seconds gauge
        # HELP x_age_seconds A time.
        x_age_seconds{a="1"} 1.000000007
        # TYPE x_build_info gauge
        # HELP x_build_info A version.
        x_build_info{a="1"} 1

        """,
        Write(MetricsFormat.Plain));

    [Fact]
    public void Labels_WithSpecialCharacters_AreEscaped() =>
        Assert.Equal("""a="\\\"\nü",b="" """.TrimEnd(), Encoding.UTF8.GetString(Labels.Of(("a", "\\\"\nü"), ("b", ""))));

    [Fact]
    public void Help_OfEveryFamily_NeedsNoEscaping() =>
        Assert.DoesNotContain(Families.All, family => family.Help.AsSpan().ContainsAny("\\\"\n") || !family.Help.EndsWith('.'));

    [Fact]
    public void Unit_OfEveryFamily_EndsItsName() =>
        Assert.DoesNotContain(Families.All, family => family.Unit is not null && !family.Name.EndsWith("_" + family.Unit, StringComparison.Ordinal));

    private static string Write(MetricsFormat format)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new MetricsWriter(output, format);
        writer.Begin(Bytes);
        writer.Sample("a=\"1\""u8, "b=\"2\""u8, long.MaxValue);
        writer.Begin(Age);
        writer.Seconds("a=\"1\""u8, [], 1_000_000_007);
        writer.Begin(Build);
        writer.Sample("a=\"1\""u8, [], 1);
        writer.End();
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
