using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>The end-to-end benchmark still runs and still tells what it measured; how fast anything is, is not asked here.</summary>
[Collection(nameof(Alone))]
public sealed class BenchmarkTests
{
    private static readonly string[] Contenders = ["wgnet", "limit"];

    [Fact]
    public void Benchmark_OneShortRoundAgainstLimit_ReportsBothAndDrawsThem()
    {
        string artifacts = Path.Combine(Programs.Repository, "artifacts", "bench");
        Directory.CreateDirectory(artifacts);
        Command.Run(Path.Combine(Programs.Repository, "bench/Limit/build.sh"), Path.Combine(artifacts, "limit"));
        string folder = Directory.CreateTempSubdirectory("wgt-bench-").FullName;
        try
        {
            CommandResult run = Command.TryRun(
                [
                    Path.Combine(Programs.Repository, "bench/EndToEnd/bin/Release/net10.0/WgNet.Bench"),
                    "--quick", "--against", "limit", "--only", "tcp,loss,memory", "--output", folder,
                ],
                timeout: TimeSpan.FromMinutes(1));
            Assert.True(run.Succeeded, run.ToString());

            Dictionary<(string Metric, string Contender), double> medians = Medians(Path.Combine(folder, "results.json"));
            foreach (string contender in Contenders)
            {
                Assert.InRange(medians[("tcp throughput", contender)], 0.01, 1000);
                Assert.InRange(medians[("tcp CPU", contender)], 0.001, 1000);
                Assert.InRange(medians[("tcp whole machine", contender)], medians[("tcp CPU", contender)] / 2, 1000);
                Assert.InRange(medians[("loss lost", contender)], 0, 100);
                Assert.InRange(medians[("memory resident", contender)], 0.1, 1000);
                Assert.Contains(contender, run.Output, StringComparison.Ordinal);
                Assert.All(["throughput", "cpu", "memory"], chart => Assert.Contains(contender, Words(Path.Combine(folder, chart + ".svg"))));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("--rounds 0: no such option", "--rounds", "0")]
    [InlineData("--only tpc: no such option", "--only", "tpc")]
    [InlineData("bench: --seconds: no such option", "--seconds")]
    [InlineData("--fast yes: no such option", "--fast", "yes")]
    public void Benchmark_BadOption_IsRefusedByName(string message, params string[] options)
    {
        CommandResult run = Command.TryRun([Path.Combine(Programs.Repository, "bench/EndToEnd/bin/Release/net10.0/WgNet.Bench"), .. options]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    private static Dictionary<(string Metric, string Contender), double> Medians(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        return document.RootElement.GetProperty("results").EnumerateArray().ToDictionary(
            result => (string.Create(CultureInfo.InvariantCulture, $"{Text(result, "measurement")} {Text(result, "metric")}"), Text(result, "contender")),
            result => result.GetProperty("median").GetDouble());
    }

    private static string Text(JsonElement result, string name) => result.GetProperty(name).GetString()!;

    private static IEnumerable<string> Words(string chart) => XDocument.Load(chart).Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value);
}
