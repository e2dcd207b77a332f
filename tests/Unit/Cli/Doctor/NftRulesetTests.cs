using WgNet.Cli.Doctor;
using Xunit;

namespace WgNet.Unit.Cli.Doctor;

public sealed class NftRulesetTests
{
    // What nft 1.0.6 printed of a firewall that has what firewalls have: verdict maps, sets, ranges, jumps, a limit, a reject.
    private const string Captured = """
        {"nftables": [
        {"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}},
        {"table": {"family": "inet", "name": "filter", "handle": 1}},
        {"chain": {"family": "inet", "table": "filter", "name": "input", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
        {"chain": {"family": "inet", "table": "filter", "name": "inner", "handle": 2}},
        {"chain": {"family": "inet", "table": "filter", "name": "forward", "handle": 3, "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 5, "expr": [{"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [["invalid", {"drop": null}], ["established", {"accept": null}], ["related", {"accept": null}]]}}}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 6, "expr": [{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 8, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "icmpv6", "field": "type"}}, "right": {"set": ["nd-router-advert", "nd-neighbor-solicit"]}}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 10, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": {"set": [53, {"range": [5000, 5100]}]}}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 11, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}, {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "new"}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 12, "expr": [{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "wg0"}}, {"jump": {"target": "inner"}}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 13, "expr": [{"limit": {"rate": 5, "burst": 5, "per": "second"}}, {"counter": {"packets": 0, "bytes": 0}}, {"log": {"prefix": "drop "}}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "inner", "handle": 14, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 53}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 16, "expr": [{"vmap": {"key": {"meta": {"key": "iifname"}}, "data": {"set": [["wg0", {"jump": {"target": "inner"}}], ["eth0", {"accept": null}]]}}}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 17, "expr": [{"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": "ipv6"}}, {"match": {"op": "==", "left": {"meta": {"key": "oifname"}}, "right": "wg*"}}, {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 18, "expr": [{"reject": {"type": "icmpx", "expr": "port-unreachable"}}]}}
        ]}
        """;

    private static readonly Probe Handshake = new("input", IsIPv4: true, "udp", 51820, "new");

    [Theory]
    [InlineData(51820, "new", false)]
    [InlineData(53, "new", true)]
    [InlineData(5050, "new", true)]
    [InlineData(5101, "new", false)]
    [InlineData(51820, "established", true)]
    public void FindDrop_OfACapturedRuleset_KnowsWhichDatagramsPass(int port, string state, bool passes)
    {
        NftDrop? drop = NftRuleset.Parse(Captured)!.FindDrop(Handshake with { Port = port, State = state });

        Assert.Equal(passes ? null : new NftDrop("inet", "filter", "input", ByPolicy: true), drop);
    }

    [Fact]
    public void FindDrop_OfACapturedRuleset_KnowsWhatIsForwarded()
    {
        NftRuleset ruleset = NftRuleset.Parse(Captured)!;
        Probe probe = new("forward", IsIPv4: false, null, 0, "new");

        // Through a jump, where only port 53 passes, which the packets inside may have.
        Assert.Null(ruleset.FindDrop(probe with { InputInterface = "wg0" }));
        Assert.Equal(new NftDrop("inet", "filter", "forward", ByPolicy: false), ruleset.FindDrop(probe with { InputInterface = "wg1", OutputInterface = "eth1" }));
        Assert.Null(ruleset.FindDrop(probe with { InputInterface = "eth1", OutputInterface = "wg0", State = "established" }));
        Assert.NotNull(ruleset.FindDrop(probe with { InputInterface = "eth1", OutputInterface = "wg0", State = "established", IsIPv4 = true }));
    }

    [Theory]
    [InlineData("nd-router-solicit", false)]
    [InlineData("nd-router-advert", true)]
    public void FindDrop_OfACapturedRuleset_KnowsIcmpTypes(string type, bool passes) =>
        Assert.Equal(passes, NftRuleset.Parse(Captured)!.FindDrop(new Probe("input", IsIPv4: false, "ipv6-icmp", 0, "untracked") { IcmpType = type }) is null);

    [Fact]
    public void FindDrop_RuleForWhatComesFromTheTunnel_IsNotForAnswersFromElsewhere()
    {
        NftRuleset ruleset = NftRuleset.Parse(Provoked.Chain("forward", "drop", """{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "wg0"}}, {"accept": null}"""))!;

        Assert.Null(ruleset.FindDrop(new Probe("forward", IsIPv4: true, null, 0, "established") { OutputInterface = "wg0" }));
        Assert.NotNull(ruleset.FindDrop(new Probe("forward", IsIPv4: true, null, 0, "established") { OutputInterface = "wg0", NotInputInterface = "wg0" }));
    }

    [Theory]
    // Sure to be dropped.
    [InlineData("""{"drop": null}""", "accept", true)]
    [InlineData("""{"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 51820}}, {"drop": null}""", "accept", true)]
    [InlineData("""{"match": {"op": "!=", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 53}}, {"drop": null}""", "accept", true)]
    [InlineData("""{"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": 17}}, {"reject": {}}""", "accept", true)]
    [InlineData("""{"match": {"op": "==", "left": {"payload": {"protocol": "th", "field": "dport"}}, "right": {"range": [1, 100]}}}, {"accept": null}""", "drop", true)]
    [InlineData("""{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 51820}}, {"accept": null}""", "drop", true)]
    [InlineData("""{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}, {"accept": null}""", "drop", true)]
    [InlineData("""{"match": {"op": "==", "left": {"payload": {"protocol": "ip6", "field": "saddr"}}, "right": "::1"}}, {"accept": null}""", "drop", true)]
    [InlineData("""{"return": null}""", "drop", true)]
    [InlineData("""{"jump": {"target": "nowhere"}}""", "drop", true)]
    // May pass: not everything is known.
    [InlineData("""{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}}, {"drop": null}""", "accept", false)]
    [InlineData("""{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth0"}}, {"accept": null}""", "drop", false)]
    [InlineData("""{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "192.0.2.1"}}, {"accept": null}""", "drop", false)]
    [InlineData("""{"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": "@ports"}}, {"accept": null}""", "drop", false)]
    [InlineData("""{"xt": {"type": "match", "name": "multiport"}}, {"accept": null}""", "drop", false)]
    [InlineData("""{"xt": {"type": "target", "name": "REJECT"}}""", "drop", false)]
    [InlineData("""{"limit": {"rate": 5}}, {"accept": null}""", "drop", false)]
    [InlineData("""{"jump": {"target": "input"}}""", "drop", false)]
    [InlineData("""{"something": ["new"]}, {"drop": null}""", "accept", false)]
    public void FindDrop_OneRule_IsSureOrNot(string rule, string policy, bool drops) =>
        Assert.Equal(drops, NftRuleset.Parse(Provoked.Chain("input", policy, rule))!.FindDrop(Handshake) is not null);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"nftables": 1}""")]
    [InlineData("""{"nftables": [1]}""")]
    public void Parse_WhatIsNotNfts_IsNull(string text) => Assert.Null(NftRuleset.Parse(text));

    [Theory]
    [InlineData("1")]
    [InlineData("{}")]
    [InlineData("[[]]")]
    [InlineData("""{"match": 1}""")]
    [InlineData("""{"match": {"op": 1, "left": 1, "right": 1}}""")]
    [InlineData("""{"match": {"op": "==", "left": {"meta": 1}, "right": {"set": 1}}}""")]
    [InlineData("""{"match": {"op": "==", "left": {"payload": {"protocol": 1, "field": 2}}, "right": {"set": []}}}""")]
    [InlineData("""{"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": {"range": ["a", "b"]}}}""")]
    [InlineData("""{"vmap": 1}""")]
    [InlineData("""{"vmap": {"key": 1, "data": {"set": [1, [1], [1, 2]]}}}""")]
    [InlineData("""{"jump": 1}""")]
    [InlineData("""{"xt": 1}""")]
    public void FindDrop_RuleThatMakesNoSense_IsPassedOver(string rule) =>
        Assert.Null(NftRuleset.Parse(Provoked.Chain("input", "accept", rule))!.FindDrop(Handshake));
}
