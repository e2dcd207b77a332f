using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using WgNet.Cli;
using WgNet.Cli.Completion;
using WgNet.Uapi;
using Xunit;

namespace WgNet.Unit;

/// <summary>The manual pages say something of everything that there is.</summary>
public sealed partial class ManualTests
{
    public static TheoryData<string> Verbs => [.. CommandLine.Verbs.Select(verb => verb.Name)];

    public static TheoryData<string, string> Keys => [.. InterfaceSection.Keys.Select(key => ("Interface", key)), .. PeerSection.Keys.Select(key => ("Peer", key))];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Wgnet8_Verb_IsThereWithEveryWordOfItsUsage(string name)
    {
        string page = Page("wgnet.8");
        string text = Plain(page);
        UsageGrammar usage = new(CommandLine.Verbs.Single(verb => verb.Name == name).Synopsis);

        Assert.Matches($@"(?m)^\.(B|BR|SH|SS|TP) .*\b{name}\b|\\fB{name}\\fR", page);
        Assert.All(usage.Literals, word => Assert.Matches($@"(?<![\w-]){Regex.Escape(word)}(?![\w-])", text));
    }

    /// <summary>Each key has its paragraph under its section's heading: type, range, default, an example.</summary>
    [Theory]
    [MemberData(nameof(Keys))]
    public void WgnetConf5_Key_IsDescribedUnderItsSection(string section, string key)
    {
        Match keys = Regex.Match(Page("wgnet.conf.5"), $@"^\.SS \[{section}\]\n(?<keys>.*?)^\.S[SH] ", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        Match about = Regex.Match(keys.Groups["keys"].Value, $@"^\.TP\n\.BR? [^\n]*\b{key}\b[^\n]*\n(?<text>.*?)(?=^\.TP$|\z)", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

        Assert.True(about.Success, $"[{section}] {key} is not in wgnet.conf.5");
        Assert.Contains($"\n{key} = ", Plain(about.Groups["text"].Value), StringComparison.Ordinal);
        Assert.Contains("efault", about.Groups["text"].Value, StringComparison.Ordinal);
    }

    /// <summary>What the page calls an example is what the parser takes.</summary>
    [Fact]
    public void WgnetConf5_ItsExamples_AreTaken()
    {
        string page = Page("wgnet.conf.5");
        MatchCollection examples = Example().Matches(page);
        Assert.True(examples.Count >= 25, $"{examples.Count} examples");
        foreach (string example in examples.Select(match => Plain(match.Groups["text"].Value)))
        {
            string text = example.StartsWith('[') ? example : $"[{SectionOf(example)}]\nPublicKey = {SampleKey}\n{example}";
            // A peer has one key.
            text = Regex.Replace(text, @"^(PublicKey = .*\n)PublicKey", "PublicKey", RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
            text = Regex.Replace(text, @"\[Interface\]\nPublicKey = .*\n", "[Interface]\n", RegexOptions.None, TimeSpan.FromSeconds(1));
            // The files that it names are not here.
            text = Regex.Replace(text, "KeyFile = .*", "KeyFile = /dev/null", RegexOptions.None, TimeSpan.FromSeconds(1));
            _ = ConfigurationFile.Parse(text, "/example.conf", ConfigurationMode.Replace);
        }
    }

    [Fact]
    public void Pages_WhatMayBeSet_IsNamedAsTheCodeNamesIt()
    {
        string text = Plain(Page("wgnet.8"));
        string[] variables = [.. Directory.EnumerateFiles(Path.Combine(Root(), "src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Variable().Matches(File.ReadAllText(file)).Select(match => match.Groups["name"].Value))
            .Where(name => !name.Contains("_TEST_", StringComparison.Ordinal) && name != "WGNET_READY_FD").Distinct()];

        Assert.NotEmpty(variables);
        Assert.All(variables, name => Assert.Contains(name, text, StringComparison.Ordinal));
    }

    private const string SampleKey = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";

    private static string SectionOf(string setting) =>
        InterfaceSection.Keys.Contains(setting.Split(' ')[0], StringComparer.Ordinal) ? "Interface" : "Peer";

    private static string Page(string name) => File.ReadAllText(Path.Combine(Root(), "man", name));

    private static string Plain(string roff) => FontChange().Replace(roff, "").Replace(@"\-", "-", StringComparison.Ordinal).Replace(@"\e", @"\", StringComparison.Ordinal);

    private static string Root([CallerFilePath] string thisFile = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../.."));

    [GeneratedRegex(@"\\f[BIRP]", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FontChange();

    [GeneratedRegex(@"^\.EX\n(?<text>(\[|[A-Z]\w+ = ).*?)^\.EE$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Example();

    [GeneratedRegex("\"(?<name>(WG|WGNET)_[A-Z_]+|LOG_LEVEL)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Variable();
}
