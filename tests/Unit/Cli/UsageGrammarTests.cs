using System.Text.RegularExpressions;
using WgNet.Cli.Completion;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class UsageGrammarTests
{
    private const string Choices = "[<interface> | all] [--json | peers | dump]";
    private const string Settings = "<interface> [port <port>] [state on|off] [peer <public key> [remove] [ips [+|-]<address>/<length>[,...]]]...";
    private const string Files = "{ <file>.conf | <interface> }";
    private const string Actions = "[<interface>] [--json] | <interface> { forget <address> | pin <address> <peer> }";
    private const string Options = "<interface> --prefix <IPv6 prefix>/64 [--port <port>] [--qr] <client>...";

    [Theory]
    [InlineData(Choices, "", "<interface> all peers dump")]
    [InlineData(Choices, "all", "peers dump")]
    [InlineData(Choices, "wg0 peers", "")]
    [InlineData(Settings, "wg0", "port state peer")]
    [InlineData(Settings, "wg0 state", "on off")]
    [InlineData(Settings, "wg0 state off", "port peer")]
    [InlineData(Settings, "wg0 peer", "<public key>")]
    [InlineData(Settings, "wg0 peer k", "remove ips peer")]
    [InlineData(Settings, "wg0 peer k ips", "[+|-]<address>/<length>[,...]")]
    [InlineData(Settings, "wg0 peer k ips a remove", "peer")]
    [InlineData(Settings, "wg0 peer k ips a remove peer l", "remove ips peer")]
    [InlineData(Files, "", "<file>.conf <interface>")]
    [InlineData(Files, "wg0", "")]
    [InlineData(Actions, "", "<interface>")]
    [InlineData(Actions, "wg0", "forget pin")]
    [InlineData(Actions, "wg0 --json", "forget pin")]
    [InlineData(Actions, "wg0 pin a", "<peer>")]
    [InlineData(Options, "wg0 --prefix", "<IPv6 prefix>/64")]
    [InlineData(Options, "--qr wg0 --prefix p a", "<client>")]
    [InlineData(Options, "wg0 nonsense --port", "<port>")]
    [InlineData("a | b...", "b b", "b")]
    [InlineData("[<word>]...", "x y", "<word>")]
    [InlineData("", "", "")]
    [InlineData("a b", "c", "")]
    public void Next_AfterWords_IsWhatTheUsageAllows(string usage, string words, string expected)
    {
        UsageGrammar grammar = new(usage);
        List<string> positional = grammar.Positional(Words(words), out string? pending);
        IEnumerable<string> next = pending is not null ? [pending] : grammar.Next(positional);

        Assert.Equal(Pieces(expected).Order(StringComparer.Ordinal), next.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(Choices, "wg0 dump", true)]
    [InlineData(Choices, "--json", true)]
    [InlineData(Choices, "wg0 wg1", false)]
    [InlineData(Settings, "wg0 state on port 5 peer k ips a peer l", true)]
    [InlineData(Settings, "wg0 state maybe", false)]
    [InlineData(Settings, "wg0 port 5 port 6", false)]
    [InlineData(Files, "", false)]
    [InlineData(Actions, "wg0 forget", false)]
    [InlineData(Options, "wg0 --prefix p", false)]
    [InlineData(Options, "wg0 --prefix p a b --qr c", true)]
    [InlineData(Options, "wg0 a --prefix", false)]
    public void Accepts_Words_AsTheUsageSays(string usage, string words, bool expected) =>
        Assert.Equal(expected, new UsageGrammar(usage).Accepts(Words(words)));

    [Fact]
    public void Literals_OfAUsage_AreAllItsWords() => Assert.Equal(
        ["--port", "--prefix", "--qr"], new UsageGrammar(Options).Literals.Order(StringComparer.Ordinal));

    /// <summary>Alternatives that begin alike, again and again: the time must not double with each word.</summary>
    [Fact]
    public void Next_ManyWaysThroughManyWords_EndsInTime()
    {
        UsageGrammar grammar = new("[<a> | <b> | [<c>] <d>]... end");

        Assert.Contains("end", grammar.Next([.. Enumerable.Repeat("x", 200)]));
    }

    [Theory]
    [InlineData("[<a>")]
    [InlineData("{ a | b")]
    [InlineData("a ]")]
    public void Constructor_BracketWithoutItsOther_IsRefused(string usage) => Assert.Throws<FormatException>(() => new UsageGrammar(usage));

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    // Placeholders may have blanks in them.
    private static IEnumerable<string> Pieces(string text) => Regex.Matches(text, @"(<[^>]*>|\S)+", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Select(match => match.Value);
}
