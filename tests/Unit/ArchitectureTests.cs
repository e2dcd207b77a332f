using System.Xml.Linq;
using Xunit;

namespace WgNet.Unit;

/// <summary>References between the projects point one way: from the executable down to what knows nothing of the others.</summary>
public sealed class ArchitectureTests
{
    //  Cli → Uapi, Metrics → Device → Learning → Routing
    //                               → Protocol
    //                               → Tun, Udp → Linux
    public static TheoryData<string, string[]> Arrows { get; } = new()
    {
        { "Cli", ["Metrics", "Uapi"] },
        { "Uapi", ["Device"] },
        { "Metrics", ["Device"] },
        { "Device", ["Learning", "Protocol", "Routing", "Tun", "Udp"] },
        { "Learning", ["Routing"] },
        { "Tun", ["Linux"] },
        { "Udp", ["Linux"] },
        { "Routing", [] },
        { "Protocol", [] },
        { "Linux", [] },
    };

    private static readonly string Source = Path.Combine(RepositoryRoot(), "src");

    [Theory]
    [MemberData(nameof(Arrows))]
    public void ProjectReferences_OfProject_AreExactlyTheArrows(string project, string[] targets)
    {
        IEnumerable<string> references = Project(project)
            .Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value))
            .Select(name => name["WgNet.".Length..])
            .Order(StringComparer.Ordinal);
        Assert.Equal(targets.Order(StringComparer.Ordinal), references, StringComparer.Ordinal);
    }

    [Fact]
    public void Source_EveryProject_HasItsArrows()
    {
        IEnumerable<string> folders = Directory.GetDirectories(Source).Select(folder => Path.GetFileName(folder));
        Assert.Equal(
            Arrows.Select(row => row.Data.Item1).Order(StringComparer.Ordinal),
            folders.Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
    }

    [Fact]
    public void NativeCalls_EverySourceFile_StandInLinuxAlone()
    {
        IEnumerable<string> offenders = Directory
            .EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories)
            .Where(file => !IsGenerated(file) && !file.StartsWith(Path.Combine(Source, "Linux"), StringComparison.Ordinal))
            .Where(file => File.ReadAllText(file) is var text
                && (text.Contains("[LibraryImport", StringComparison.Ordinal) || text.Contains("[DllImport", StringComparison.Ordinal)));
        Assert.Empty(offenders);
    }

    [Fact]
    public void UnsafeBlocks_EveryProject_AreAllowedWhereNativeCallsKernelsAndThePrefetchAre()
    {
        IEnumerable<string> unsafeProjects = Arrows
            .Select(row => row.Data.Item1)
            .Where(name => Project(name).Descendants("AllowUnsafeBlocks").Any());
        Assert.Subset(new HashSet<string>(["Learning", "Linux", "Protocol"], StringComparer.Ordinal), unsafeProjects.ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>The prefetch instruction takes an address; nothing else there does.</summary>
    [Fact]
    public void UnsafeCode_InLearning_IsThePrefetchAlone()
    {
        IEnumerable<string> files = Directory
            .EnumerateFiles(Path.Combine(Source, "Learning"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !IsGenerated(file) && File.ReadAllText(file).Contains("unsafe ", StringComparison.Ordinal))
            .Select(file => Path.GetFileName(file));
        Assert.Equal(["CacheLine.cs"], files);
    }

    private static bool IsGenerated(string file) => file.Contains("/obj/", StringComparison.Ordinal);

    private static XDocument Project(string name) => XDocument.Load(Path.Combine(Source, name, $"WgNet.{name}.csproj"));

    /// <summary>The folder of the solution that the tests were built in.</summary>
    internal static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "WgNet.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException($"no WgNet.sln above {AppContext.BaseDirectory}");
    }
}
