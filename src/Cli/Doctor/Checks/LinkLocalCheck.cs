using WgNet.Cli.Init;

namespace WgNet.Cli.Doctor;

/// <summary>
/// Each client has a link-local address of its own. Kernel WireGuard clients form their global address from it, so two that
/// have the same collide at both, and nobody in a tunnel detects duplicates.
/// </summary>
internal static class LinkLocalCheck
{
    private const string Why = "clients form their global address from the link-local one: the first of them has both, the others' packets are dropped as conflicts";

    public static readonly Check Check = new("link-local", "no two clients are seen to share a link-local address", Examine);

    private static IEnumerable<Finding> Examine(Facts facts) => InFiles(facts).Concat(InTraffic(facts));

    private static IEnumerable<Finding> InFiles(Facts facts)
    {
        Dictionary<UInt128, string> owners = [];
        foreach (OwnAddress own in facts.OwnAddresses.Where(address => Prefixes.LinkLocal.Contains(address.Network)))
        {
            owners.TryAdd(own.Number, facts.File?.Path ?? facts.Name);
        }

        foreach (ClientFacts client in facts.File?.Clients ?? [])
        {
            foreach (OwnAddress address in client.LinkLocals.Where(address => !owners.TryAdd(address.Number, client.Path)))
            {
                yield return Finding.Error(
                    "link-local-shared", $"{client.Path} has the link-local address of {owners[address.Number]}: {address}", Why,
                    Mend.Write(client.Path, client.Line, $"Address = {string.Join(", ", [.. client.Others, $"{InitVerb.LinkLocalAddress()}/64"])}"));
            }
        }
    }

    // Counters do not say which address: a client that has conflicts and no link-local address of its own has somebody else's.
    private static IEnumerable<Finding> InTraffic(Facts facts) =>
        from peer in facts.Device?.Tunnel.Peers ?? []
        where peer.Conflicts > 0 && !peer.HasLearnedLinkLocal && peer.LearnableIps.Any(prefix => prefix.Overlaps(Prefixes.LinkLocal))
        select Finding.Error(
            "link-local-conflict", $"{peer.Label} sends from addresses that another peer has ({peer.Conflicts} packets), and has no link-local address of its own", Why,
            Mend.Write("the client's configuration", 0, $"Address = {InitVerb.LinkLocalAddress()}/64"));
}
