namespace WgNet.Cli.Doctor;

/// <summary>The outside addresses of the peers can be reached, and not through the tunnel itself.</summary>
internal static class EndpointCheck
{
    public static readonly Check Check = new("endpoints", "there is a way to every endpoint that is known", Examine) { IsOfNetwork = true };

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        foreach ((string name, string reason) in facts.System.Unresolved)
        {
            yield return Finding.Warn("endpoint-unresolved", $"the endpoint {name} has no address now: {reason}", "the peer cannot be called until it has one", Mend.Run($"getent ahosts {Mend.Quote(HostOf(name))}"));
        }

        foreach (PathFacts path in facts.System.Paths)
        {
            if (path.IsThroughTunnel || IsInside(facts, path))
            {
                yield return Finding.Error(
                    "endpoint-in-tunnel", $"the way to the endpoint {path.Endpoint.Address} {(facts.Link is null ? "would lead" : "leads")} into {facts.Name} itself",
                    "the tunnel's own packets go round in it, and none leaves; the endpoint is an outside address and needs a route of its own",
                    Mend.Run($"ip route add {path.Endpoint.Address} via <the gateway of the network outside>"));
            }
            else if (path.Mtu == 0)
            {
                yield return Finding.Warn("endpoint-unreachable", $"there is no route to the endpoint {path.Endpoint.Address}", "nothing can be sent to that peer", Mend.Run($"ip route get {path.Endpoint.Address}"));
            }
        }

        foreach (PeerFacts peer in facts.Device?.Tunnel.Peers.Where(peer => Called(facts, peer)) ?? [])
        {
            yield return Finding.Warn(
                "peer-silent", $"{peer.Label} was called and has never answered", "its key, this side's key there, its endpoint or a firewall on the way is wrong; a peer does not answer whom it does not know",
                Mend.Run($"wgnet show {facts.Name} public-key; wgnet show {facts.Name} endpoints"));
        }
    }

    // Only peers that the file tells where to find: others may just have left.
    private static bool Called(Facts facts, PeerFacts peer) => peer is { LatestHandshake: 0, SentBytes: > 0 }
        && facts.File?.Tunnel is { } file && file.Peers.Any(configured => configured.HasEndpoint && configured.Key == peer.Key);

    // What up would make of a file: the route to AllowedIPs wins, unless one outside is at least as long. Default routes leave the
    // tunnel's own packets out by their mark.
    private static bool IsInside(Facts facts, PathFacts path)
    {
        if (facts.Link is not null || facts.File is not { Tunnel: { } tunnel, IsTableOff: false })
        {
            return false;
        }

        OwnAddress address = new(path.Endpoint.Address, path.Endpoint.IsIPv4 ? 32 : 128);
        int inside = Prefixes.Longest(tunnel.Peers.SelectMany(peer => peer.AllowedIps), address);
        return inside > 0 && Prefixes.Longest(facts.System.OutsideRoutes, address) < inside;
    }

    private static string HostOf(string name) => name[..name.LastIndexOf(':')].Trim('[', ']');
}
