using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Order;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;
using Perfolizer.Metrology;
using WgNet.Protocol;

namespace WgNet.Micro;

/// <summary>
/// Everything in one process and short, so that a whole run takes minutes and baselines stand beside what they are compared with
/// under the same clock. Results go to artifacts/bench/micro. The job carries the AEAD kernel's name: runs with narrower
/// instruction sets (DOTNET_EnableAVX512=0, DOTNET_EnableAVX2=0) are told apart by it.
/// </summary>
internal sealed class MicroConfig : ManualConfig
{
    public MicroConfig()
    {
        AddJob(Job.Default
            .WithToolchain(InProcessEmitToolchain.Instance)
            .WithWarmupCount(4)
            .WithIterationTime(TimeInterval.FromMilliseconds(80))
            .WithIterationCount(9)
            .WithId(Aead.Kernel.ToString()));
        AddDiagnoser(MemoryDiagnoser.Default);
        AddColumnProvider(DefaultColumnProviders.Params, DefaultColumnProviders.Job);
        AddColumn(
            TargetMethodColumn.Method,
            CategoriesColumn.Default,
            StatisticColumn.Median,
            StatisticColumn.StdDev,
            BaselineRatioColumn.RatioMean);
        AddColumnProvider(DefaultColumnProviders.Metrics);
        AddLogicalGroupRules(BenchmarkLogicalGroupRule.ByCategory, BenchmarkLogicalGroupRule.ByParams);
        AddExporter(JsonExporter.Brief, MarkdownExporter.GitHub);
        AddLogger(ConsoleLogger.Default);
        WithOrderer(new DefaultOrderer(SummaryOrderPolicy.Declared));
        WithSummaryStyle(new SummaryStyle(CultureInfo.InvariantCulture, printUnitsInHeader: false, SizeUnit.B, timeUnit: null));
        WithArtifactsPath(Artifacts);
    }

    public static string Artifacts => Path.Combine(RepositoryRoot(), "artifacts", "bench", "micro");

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "WgNet.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? Environment.CurrentDirectory;
    }
}
