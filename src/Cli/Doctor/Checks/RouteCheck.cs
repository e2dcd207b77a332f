using WgNet.Routing;

namespace WgNet.Cli.Doctor;

/// <summary>What peers may own is routed into the interface.</summary>
internal static class RouteCheck
{
    public static readonly Check Check = new("routes", "the prefixes of the peers are routed into the interface", Examine) { IsOfNetwork = true };

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts is not { Device: { } device, Link: { Link.IsUp: true } link })
        {
            yield return Finding.Skip("routes", "the interface is not up here");
            yield break;
        }

        if (facts.File is { IsTableOff: true })
        {
            yield return Finding.Ok("routes", "Table = off: routes are somebody else's");
            yield break;
        }

        // A default route may be meant for a routing daemon to divide; so may be any prefix of which parts are routed.
        IEnumerable<IpPrefix> prefixes = device.Tunnel.Peers.SelectMany(peer => peer.AllowedIps.Concat(peer.LearnableIps)).Where(prefix => prefix.Length > 0 && prefix.IsGlobal()).Distinct();
        HashSet<IpPrefix> routes = [.. link.Routes];
        foreach (IpPrefix prefix in prefixes.Where(prefix => !routes.Contains(prefix) && !link.Routes.Any(route => prefix.Overlaps(route))))
        {
            yield return Finding.Warn(
                "route-missing", $"no route leads {prefix} into {facts.Name}", "packets for these peers go elsewhere", Mend.Run($"ip route add {prefix} dev {facts.Name}"));
        }
    }
}
