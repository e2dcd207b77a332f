using System.Text.Json;

namespace WgNet.Cli.Doctor;

/// <summary>A chain that drops a packet for sure.</summary>
/// <param name="ByPolicy">No rule of it takes the packet, and its policy is to drop.</param>
internal sealed record NftDrop(string Family, string Table, string Chain, bool ByPolicy)
{
    /// <summary>As nft(8) is told of it, in a shell.</summary>
    public override string ToString() => $"{Mend.Quote(Family)} {Mend.Quote(Table)} {Mend.Quote(Chain)}";
}

/// <summary>
/// What <c>nft -j list ruleset</c> says, walked as the kernel would for one packet. Rules see more of a packet than a
/// <see cref="Probe"/> has: what may be is taken to be in the packet's favour, so that only what is dropped for sure is found, and what
/// another program than nft wrote in terms of its own (<c>xt</c>) counts as accepting.
/// </summary>
internal sealed class NftRuleset
{
    // Enough for every ruleset that a person or a program wrote in earnest; the walk ends in the packet's favour.
    private const int MaxSteps = 1_000_000, MaxDepth = 16;

    private readonly List<Chain> _chains = [];
    private readonly Dictionary<(string Family, string Table, string Chain), List<JsonElement>> _rules = [];

    private enum Outcome
    {
        Accepted,
        Dropped,
        Through,
    }

    /// <summary>Null if the text is not nft's.</summary>
    public static NftRuleset? Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var ruleset = new NftRuleset();
            foreach (JsonElement item in document.RootElement.GetProperty("nftables").EnumerateArray())
            {
                ruleset.Take(item);
            }

            return ruleset;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The first chain at the packet's hook that drops it for sure, or null.</summary>
    public NftDrop? FindDrop(Probe probe)
    {
        foreach (Chain chain in _chains.Where(chain => chain.Hook == probe.Hook && (chain.Family == "inet" || chain.Family == (probe.IsIPv4 ? "ip" : "ip6"))))
        {
            int steps = 0;
            Outcome outcome = Walk(chain.Family, chain.Table, chain.Name, probe, depth: 0, ref steps);
            if (outcome == Outcome.Dropped || (outcome == Outcome.Through && chain.Drops))
            {
                return new NftDrop(chain.Family, chain.Table, chain.Name, outcome == Outcome.Through);
            }
        }

        return null;
    }

    private void Take(JsonElement item)
    {
        if (item.TryGetProperty("chain", out JsonElement chain) && chain.TryGetProperty("hook", out JsonElement hook))
        {
            bool drops = chain.TryGetProperty("policy", out JsonElement policy) && policy.ValueEquals("drop");
            if (chain.TryGetProperty("type", out JsonElement type) && type.ValueEquals("filter"))
            {
                _chains.Add(new Chain(NftExpression.Text(chain, "family"), NftExpression.Text(chain, "table"), NftExpression.Text(chain, "name"), hook.GetString() ?? "", drops));
            }
        }
        else if (item.TryGetProperty("rule", out JsonElement rule) && rule.TryGetProperty("expr", out JsonElement expressions) && expressions.ValueKind == JsonValueKind.Array)
        {
            (string, string, string) key = (NftExpression.Text(rule, "family"), NftExpression.Text(rule, "table"), NftExpression.Text(rule, "chain"));
            if (!_rules.TryGetValue(key, out List<JsonElement>? rules))
            {
                _rules.Add(key, rules = []);
            }

            rules.Add(expressions.Clone());
        }
    }

    private Outcome Walk(string family, string table, string chain, Probe probe, int depth, ref int steps)
    {
        if (depth > MaxDepth)
        {
            return Outcome.Accepted;
        }

        foreach (JsonElement rule in _rules.GetValueOrDefault((family, table, chain)) ?? [])
        {
            if (++steps > MaxSteps)
            {
                return Outcome.Accepted;
            }

            Certainty matches = Certainty.Yes;
            foreach (JsonElement statement in rule.EnumerateArray())
            {
                foreach ((Certainty arm, JsonProperty step) in NftExpression.Steps(statement, probe))
                {
                    Certainty reached = Least(matches, arm);
                    if (reached != Certainty.No && Decide(family, table, step, reached, probe, depth, ref steps) is { } outcome)
                    {
                        return outcome;
                    }
                }

                matches = Least(matches, NftExpression.Matches(statement, probe));
                if (matches == Certainty.No)
                {
                    break;
                }
            }
        }

        return Outcome.Through;
    }

    // What a verdict that is reached, perhaps, makes of the packet; null if it goes on with the next rule.
    private Outcome? Decide(string family, string table, JsonProperty step, Certainty reached, Probe probe, int depth, ref int steps)
    {
        bool sure = reached == Certainty.Yes;
        switch (step.Name)
        {
            case "drop" or "reject":
                return sure ? Outcome.Dropped : null;
            case "return":
                return sure ? Outcome.Through : null;
            case "jump" or "goto":
                Outcome inside = Walk(family, table, NftExpression.Text(step.Value, "target"), probe, depth + 1, ref steps);
                return inside == Outcome.Accepted ? inside
                    : sure && (inside == Outcome.Dropped || step.Name == "goto") ? inside
                    : null;
            default:
                return Outcome.Accepted;
        }
    }

    private static Certainty Least(Certainty one, Certainty other) => one < other ? one : other;

    private sealed record Chain(string Family, string Table, string Name, string Hook, bool Drops);
}
