using System.Text;
using System.Text.RegularExpressions;
using WgNet.Metrics;
using WgNet.Unit.Device;
using Xunit;

namespace WgNet.Unit.Metrics;

/// <summary>docs/metrics.md has a row for every metric that a device serves, and for no other.</summary>
public sealed partial class MetricsDocumentTests
{
    private static readonly string[] Rows = [.. File
        .ReadAllLines(Path.Combine(ArchitectureTests.RepositoryRoot(), "docs", "metrics.md"))
        .Where(line => line.StartsWith("| `wgnet_", StringComparison.Ordinal))
        .Select(line => string.Join('|', line.Split('|')[1..5].Select(cell => cell.Trim())))];

    [Fact]
    public void Table_OfTheDocument_IsWhatADeviceServes()
    {
        using var pair = new TunnelPair();
        pair.Left.Tun.Send(TunnelPair.Packet("2001:db8::a", "2001:db8::b"));
        _ = pair.Right.Tun.Receive(TunnelPair.Soon);
        string text = string.Concat(DeviceExposition
            .Pieces("wgt0", "1", pair.Left.Device.Measure(), MetricsFormat.OpenMetrics)
            .Select(piece => Encoding.UTF8.GetString(piece.Span)));
        Assert.Equal(Served(text), Rows);
    }

    [Fact]
    public void Table_OfTheDocument_IsWhatTheProgramKnows() => Assert.Equal(
        Families.All.Select(family => $"`{family.SampleName}`|{family.Type.ToString().ToLowerInvariant()}|{family.Unit}|{string.Join(", ", family.Labels)}"),
        Rows);

    // Of each family: what its samples are called, its type, its unit, and the labels of its samples.
    private static IEnumerable<string> Served(string text)
    {
        foreach (string family in text.Split("# TYPE ")[1..])
        {
            string[] lines = family.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            string type = lines[0].Split(' ')[1];
            string unit = lines.FirstOrDefault(line => line.StartsWith("# UNIT ", StringComparison.Ordinal))?.Split(' ')[3] ?? "";
            string[] samples = [.. lines.Skip(1).Where(line => line[0] != '#')];
            Assert.NotEmpty(samples);
            foreach (string shape in samples.Select(sample => Shape(sample, type, unit)).Distinct(StringComparer.Ordinal))
            {
                yield return shape;
            }
        }
    }

    private static string Shape(string sample, string type, string unit) =>
        $"`{sample[..sample.IndexOf('{', StringComparison.Ordinal)]}`|{type}|{unit}|{string.Join(", ", LabelNames().Matches(sample).Select(match => match.Groups["name"].Value))}";

    [GeneratedRegex("[{,](?<name>[a-z_]+)=\"", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LabelNames();
}
