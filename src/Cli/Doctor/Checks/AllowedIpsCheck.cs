namespace WgNet.Cli.Doctor;

/// <summary>No AllowedIPs prefix is meant for two owners.</summary>
internal static class AllowedIpsCheck
{
    public static readonly Check Check = new("allowed-ips", "no prefix is given to two owners", Examine);

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts.Configured is not { } tunnel)
        {
            return [Finding.Skip("allowed-ips", "there is no configuration to look at")];
        }

        return Moved(facts, tunnel).Concat(OwnAddresses(facts, tunnel));
    }

    // Only a file can say it twice: in a device the later one has it.
    private static IEnumerable<Finding> Moved(Facts facts, TunnelFacts tunnel) =>
        from peer in tunnel.Peers
        from prefix in peer.AllowedIps.Distinct()
        group peer by prefix into owners
        where owners.Select(peer => peer.Key).Distinct().Count() > 1
        select Finding.Error(
            "allowed-ips-moved", $"{string.Join(" and ", owners.Select(peer => peer.Label))} both have {owners.Key} in AllowedIPs",
            Prefixes.LinkLocal.Contains(owners.Key)
                ? "the last one gets it; clients form their global address from the link-local one, so that both would have the same there as well"
                : "a prefix has one owner: it moves to the last one without a word, and the others get nothing",
            facts.File?.Disallow(owners.First(), owners.Key) ?? []);

    private static IEnumerable<Finding> OwnAddresses(Facts facts, TunnelFacts tunnel) =>
        from peer in tunnel.Peers
        from prefix in peer.AllowedIps
        where prefix.Length == (prefix.IsIPv4 ? 32 : 128) && facts.OwnAddresses.Any(own => own.IsIPv4 == prefix.IsIPv4 && own.Number == prefix.Address)
        select Finding.Warn(
            "allowed-ips-own", $"{peer.Label} has {prefix} in AllowedIPs, which is an address of {facts.Name} itself", "packets to it stay here and never reach the peer, whose own inside address belongs there",
            facts.File?.Disallow(peer, prefix) ?? [Mend.Run($"wgnet set {facts.Name} peer {peer.Key} allowed-ips -{prefix}")]);
}
