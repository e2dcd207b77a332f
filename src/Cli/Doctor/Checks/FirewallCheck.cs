namespace WgNet.Cli.Doctor;

/// <summary>
/// nftables lets the tunnel's packets through, as far as its rules can be foretold: only what no rule can accept is reported. Rules of
/// the old iptables are not seen.
/// </summary>
internal static class FirewallCheck
{
    public static readonly Check Check = new("firewall", "nftables has no chain that is sure to drop the tunnel's packets", Examine) { IsOfNetwork = true };

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts.System.Ruleset is not { } ruleset)
        {
            return [Finding.Skip("firewall", facts.System.RulesetMissing)];
        }

        return Port(facts, ruleset).Concat(Solicitation(facts, ruleset)).Concat(Forwarding(facts, ruleset));
    }

    private static IEnumerable<Finding> Port(Facts facts, NftRuleset ruleset)
    {
        int port = facts.Current?.ListenPort ?? 0;
        if (port == 0)
        {
            yield break;
        }

        // Who only calls gets answers, whatever is dropped else.
        string state = facts.IsGateway ? "new" : "established";

        // Over a family of which the machine has nothing but its links, hardly anybody comes, unless that is so of both.
        bool[] families = [.. ((bool[])[true, false]).Where(isIPv4 => (isIPv4 ? facts.System.UpstreamIPv4 : facts.System.UpstreamIPv6) is { } upstream && upstream != facts.Name)];
        families = families.Length > 0 ? families : [true, false];
        foreach ((NftDrop drop, string family) in Drops(ruleset, families, isIPv4 => new Probe("input", isIPv4, "udp", port, state)))
        {
            yield return Finding.Error(
                "port-filtered", $"the firewall drops UDP port {port} over {family}: {Reason(drop)}", "no handshake from outside arrives",
                Mend.Run($"nft insert rule {drop} udp dport {port} accept"));
        }
    }

    // Routers' programs read them from a raw socket, which gets what the input hook leaves.
    private static IEnumerable<Finding> Solicitation(Facts facts, NftRuleset ruleset)
    {
        var probe = new Probe("input", IsIPv4: false, "ipv6-icmp", 0, "untracked") { InputInterface = facts.Name, IcmpType = "nd-router-solicit" };
        if (facts.Learns && ruleset.FindDrop(probe) is { } drop)
        {
            yield return Finding.Error(
                "solicitation-filtered", $"the firewall drops router solicitations from {facts.Name}: {Reason(drop)}", "clients ask in vain for a prefix, and form no address",
                Mend.Run($"nft insert rule {drop} iifname {Word(facts.Name)} icmpv6 type nd-router-solicit accept"));
        }
    }

    private static IEnumerable<Finding> Forwarding(Facts facts, NftRuleset ruleset)
    {
        bool[] families = [.. ((bool[])[true, false]).Where(isIPv4 => ForwardingCheck.IsNeeded(facts, isIPv4))];
        foreach ((NftDrop drop, string family) in Drops(ruleset, families, isIPv4 => new Probe("forward", isIPv4, null, 0, "new") { InputInterface = facts.Name }))
        {
            yield return Finding.Error(
                "forward-filtered", $"the firewall forwards no {family} from {facts.Name}: {Reason(drop)}", "clients reach this machine alone",
                Mend.Run($"nft insert rule {drop} iifname {Word(facts.Name)} accept"));
        }

        foreach ((NftDrop drop, string family) in Drops(ruleset, families, isIPv4 => new Probe("forward", isIPv4, null, 0, "established") { NotInputInterface = facts.Name, OutputInterface = facts.Name }))
        {
            yield return Finding.Error(
                "answers-filtered", $"the firewall forwards no answers over {family} to {facts.Name}: {Reason(drop)}", "clients send, and get nothing back",
                Mend.Run($"nft insert rule {drop} oifname {Word(facts.Name)} ct state established,related accept"));
        }
    }

    // The chains that drop, each once, with the families it does so for.
    private static IEnumerable<(NftDrop Drop, string Family)> Drops(NftRuleset ruleset, bool[] families, Func<bool, Probe> probe) => families
        .Select(isIPv4 => (Drop: ruleset.FindDrop(probe(isIPv4)), Family: isIPv4 ? "IPv4" : "IPv6"))
        .Where(found => found.Drop is not null)
        .GroupBy(found => found.Drop!, (drop, found) => (drop, string.Join(" and ", found.Select(one => one.Family))));

    // nft takes few characters without quotes, which the shell must leave there.
    private static string Word(string name) => char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') ? name : $"'\"{name}\"'";

    private static string Reason(NftDrop drop) => drop.ByPolicy ? $"the policy of chain {drop} is drop, and no rule accepts them" : $"a rule of chain {drop} drops them";
}
