using WgNet.Routing;

namespace WgNet.Cli.Doctor;

/// <summary>In every learnable prefix something can be learned: docs/learning.md has the rules.</summary>
internal static class LearnableCheck
{
    private const int Slaac = 64;

    public static readonly Check Check = new("learnable", "clients can claim addresses in their learnable prefixes", Examine);

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        if (!facts.Learns)
        {
            return [Finding.Skip("learnable", "no peer has LearnableIPs")];
        }

        return Hidden(facts).Concat(TooLong(facts)).Concat(WithoutLinkLocal(facts));
    }

    // A static prefix at least as long as the learnable one wins. It hides all of that one if they are the same, and what clients
    // use of it if it contains the network that is on the interface. Of thousands of learnable prefixes, few have such a network.
    private static IEnumerable<Finding> Hidden(Facts facts)
    {
        HashSet<IpPrefix> learnables = [.. facts.Configured!.Peers.SelectMany(peer => peer.LearnableIps)];
        IpPrefix[] networks = [.. facts.OwnAddresses.Where(address => !address.IsIPv4 && address.Length == Slaac).Select(address => address.Network)];
        IpPrefix[] used = [.. learnables.Where(learnable => Array.Exists(networks, network => learnable.Contains(network)))];
        return
            from owner in facts.Configured!.Peers
            from prefix in owner.AllowedIps
            from learnable in used.Where(learnable => prefix.Length >= learnable.Length && Array.Exists(networks, network => learnable.Contains(network) && prefix.Contains(network)))
                .Union(learnables.Contains(prefix) ? [prefix] : [])
            select Finding.Error(
                "learnable-hidden", $"{prefix} in the AllowedIPs of {owner.Label} hides the learnable {learnable}", "the more specific prefix wins, at equal length AllowedIPs: nothing can be learned there",
                facts.File?.Disallow(owner, prefix) ?? [Mend.Run($"wgnet set {facts.Name} peer {owner.Key} allowed-ips -{prefix}")]);
    }

    private static IEnumerable<Finding> TooLong(Facts facts) =>
        from learnable in facts.Configured!.Peers.SelectMany(peer => peer.LearnableIps).Distinct()
        where learnable.Length > Slaac
        select Finding.Warn(
            "learnable-too-long", $"the learnable {learnable} is longer than /{Slaac}", $"SLAAC forms addresses of {Slaac} random bits in a /{Slaac}: hardly one lies in so small a part of it",
            Everywhere(facts, learnable, $"{new IpPrefix(learnable.Address, Slaac, isIPv4: false)}"));

    private static IEnumerable<Finding> WithoutLinkLocal(Facts facts)
    {
        PeerFacts[] peers = [.. facts.Configured!.Peers.Where(peer => peer.LearnableIps.Any(prefix => prefix.IsGlobal())
            && !peer.LearnableIps.Concat(peer.AllowedIps).Any(prefix => prefix.Overlaps(Prefixes.LinkLocal)))];
        if (peers.Length > 0)
        {
            IpPrefix learnable = peers[0].LearnableIps.First(prefix => prefix.IsGlobal());
            yield return Finding.Warn(
                "learnable-no-link-local", $"{string.Join(", ", peers.Select(peer => peer.Label))} may not use any link-local address",
                "clients solicit router advertisements from their link-local address: the gateway drops that, and they form no address", Everywhere(facts, learnable, $"{learnable}, fe80::/64"));
        }
    }

    // Lines that have the prefix, as they should read; for a running interface without a file, what sets it.
    private static Mend[] Everywhere(Facts facts, IpPrefix prefix, string replacement) => facts.File is { } file
        ? [.. file.Sections.SelectMany(section => section.Settings)
            .Where(setting => setting.Is("LearnableIPs") && setting.Value.Contains($"{prefix}", StringComparison.OrdinalIgnoreCase)
                && !replacement.Split(", ").Skip(1).Any(added => setting.Value.Contains(added, StringComparison.OrdinalIgnoreCase)))
            .Select(setting => Mend.Write(file.Path, setting.Line, $"LearnableIPs = {setting.Value.Replace($"{prefix}", replacement, StringComparison.OrdinalIgnoreCase)}"))]
        : [.. facts.Configured!.Peers.Where(peer => peer.LearnableIps.Contains(prefix))
            .Select(peer => Mend.Run($"wgnet set {facts.Name} peer {peer.Key} learnable-ips {string.Join(',', peer.LearnableIps).Replace($"{prefix}", replacement.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal)}"))];
}
