using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace WgNet.Unit;

/// <summary>The documents name tests as their evidence: these must exist.</summary>
public sealed partial class DocumentationTests
{
    public static TheoryData<string> Documents =>
        [.. Directory.EnumerateFiles(Path.Combine(Root(), "docs"), "*.md", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Root(), file))];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Document_NamesATest_WhichExists(string document)
    {
        var missing = new List<string>();
        foreach (Match named in TestName().Matches(File.ReadAllText(Path.Combine(Root(), document))))
        {
            string declaration = named.Groups["method"].Value is "*" ? $"class {named.Groups["class"]}" : $" {named.Groups["method"]}(";
            if (!Sources.Value[named.Groups["class"].Value].Any(source => source.Contains(declaration, StringComparison.Ordinal)))
            {
                missing.Add(named.Value);
            }
        }

        Assert.Empty(missing);
    }

    // By the name of the file, which is that of the class. Unit and end-to-end tests may have a class each of one name.
    private static Lazy<ILookup<string, string>> Sources { get; } = new(() => Directory
        .EnumerateFiles(Path.Combine(Root(), "tests"), "*Tests.cs", SearchOption.AllDirectories)
        .ToLookup(file => Path.GetFileNameWithoutExtension(file), File.ReadAllText, StringComparer.Ordinal));

    private static string Root([CallerFilePath] string thisFile = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../.."));

    [GeneratedRegex(@"`(?<class>\w+Tests)\.(?<method>\w+|\*)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TestName();
}
