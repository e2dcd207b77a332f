using System.Text.RegularExpressions;
using WgNet.Cli;
using WgNet.Cli.Completion;
using Xunit;

namespace WgNet.Unit.Cli;

/// <summary>What the shells are told that may come next. Over all verbs: a new one, or a new option, must be told, too.</summary>
public sealed partial class CompletionTests
{
    public static TheoryData<string> Verbs => [.. CommandLine.Verbs.Select(verb => verb.Name)];

    [Fact]
    public void Next_NothingTyped_IsEveryVerbOfHelpWithItsSummary()
    {
        string[] lines = CommandRun.Of(["completion", "next", ""]).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        IEnumerable<string> inHelp = VerbOfHelp().Matches(CommandRun.Of(["--help"]).Out.Split("<verb>")[1]).Select(match => match.Groups["verb"].Value);
        Assert.Equal(inHelp, lines.Select(line => line.Split('\t')[0]));
        Assert.Equal(CommandLine.Verbs.Select(verb => verb.Summary), lines.Select(line => line.Split('\t')[1]));
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Next_AfterAVerb_SoonerOrLaterIsEveryWordOfItsHelp(string name)
    {
        string usage = CommandRun.Of([name, "--help"]).Out.Split("\n\n")[0];
        string words = Placeholder().Replace(usage["Usage: wgnet ".Length..][name.Length..], " ");
        Verb verb = CommandLine.Verbs.Single(verb => verb.Name == name);

        Assert.Equal(
            LiteralWord().Matches(words).Select(match => match.Value).Distinct().Order(StringComparer.Ordinal),
            Offered(verb).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("", "-", "-h --help -v --version -f --foreground")]
    [InlineData("", "sh", "show showconf")]
    [InlineData("", "--v", "--version")]
    [InlineData("top", "-", "--once --help -h")]
    [InlineData("genkey", "", "")]
    [InlineData("init wg0 --prefix p --qr", "", "--endpoint --listen-port --dns --directory")]
    [InlineData("init wg0 --directory", "", "<directory>")]
    [InlineData("setconf wg0", "x", "<file>")]
    [InlineData("show all peers", "", "--json")]
    [InlineData("strip", "./", "<file>.conf")]
    [InlineData("strip", "~/", "<file>.conf")]
    [InlineData("strip", "home", "")]
    [InlineData("show all", "l", "listen-port learnable-ips learned-ips latest-handshakes")]
    [InlineData("set wg0 peer k endpoint a", "p", "preshared-key persistent-keepalive peer")]
    [InlineData("set wg0 state-file", "", "on off")]
    [InlineData("no-verb", "", "")]
    [InlineData("completion", "", "bash zsh fish next")]
    public void Next_AfterWords_IsWhatMayStandThere(string words, string typed, string expected)
    {
        CommandRun run = CommandRun.Of(["completion", "next", .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries), typed]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(
            expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal),
            run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')[0]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("set", "no/interface", "peer", "")]
    [InlineData("set", "wgnetnone", "peer", "")]
    [InlineData("set", "lo", "peer", "")]
    [InlineData("learned", "wgnetnone", "forget", "")]
    [InlineData("learned", "wgnetnone", "pin", "::1", "")]
    public void Next_OfAnInterfaceThatCannotBeAsked_IsNothing(params string[] words) =>
        Assert.Equal(new CommandRun(0, "", ""), CommandRun.Of(["completion", "next", .. words]));

    [Fact]
    public void Next_MoreWordsThanAnyoneTypes_IsNothing() =>
        Assert.Equal(new CommandRun(0, "", ""), CommandRun.Of(["completion", "next", "set", .. Enumerable.Repeat("peer", 5000)]));

    /// <summary>What the example of a verb says is what its usage asks for.</summary>
    [Theory]
    [MemberData(nameof(Verbs))]
    public void Example_OfEachVerb_IsOfItsUsage(string name)
    {
        Verb verb = CommandLine.Verbs.Single(verb => verb.Name == name);
        Match example = Regex.Match(verb.Example.Replace("\\\n", "", StringComparison.Ordinal), $@"wgnet {name}(?<words>[^&|;<>)]*)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

        Assert.True(new UsageGrammar(verb.Synopsis).Accepts(example.Groups["words"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)), verb.Example);
    }

    // Goes wherever the verb's words lead, with x for what is the user's.
    private static HashSet<string> Offered(Verb verb)
    {
        UsageGrammar grammar = new(verb.Synopsis);
        HashSet<string> offered = [.. grammar.Options.Select(option => option.Name)];
        Queue<List<string>> ways = new([[]]);
        while (ways.TryDequeue(out List<string>? words))
        {
            foreach (string next in grammar.Next(words))
            {
                bool isPlaceholder = next.Contains('<', StringComparison.Ordinal);
                if ((isPlaceholder && words.Count < 4) || (!isPlaceholder && offered.Add(next)))
                {
                    ways.Enqueue([.. words, isPlaceholder ? "x" : next]);
                }
            }
        }

        return offered;
    }

    [GeneratedRegex("^  (?<verb>[a-z]+) ", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex VerbOfHelp();

    // With what belongs to the same word, as in <host>[:<port>] and [+|-]<address>.
    [GeneratedRegex(@"(\[\+\|-\])?<[^>]*>(/<[^>]*>|:<[^>]*>|\[[:,][^\]]*\]|/64|\.conf)*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();

    [GeneratedRegex("-*[a-z][a-z-]*", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LiteralWord();
}
