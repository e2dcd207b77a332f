using WgNet.Routing;

namespace WgNet.Cli.Doctor;

/// <summary>
/// The kernel's IPv4 source check does not drop the tunnel's packets: in strict mode (1) it drops what comes in where its answer would not go
/// out. The stricter of <c>all</c> and the interface counts, and 2, which is loose, counts as more than 1.
/// </summary>
internal static class ReversePathCheck
{
    private const int Strict = 1, Loose = 2;

    public static readonly Check Check = new("reverse-path", "the kernel's source check lets the tunnel's packets through", Examine) { IsOfNetwork = true };

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts is not { Device: { } device, Link: { } link })
        {
            yield return Finding.Skip("reverse-path", "the interface does not run here");
            yield break;
        }

        HashSet<IpPrefix> routes = [.. link.Routes];
        IpPrefix[] unrouted = [.. device.Tunnel.Peers.SelectMany(peer => peer.AllowedIps).Where(prefix => prefix.IsIPv4 && !routes.Contains(prefix) && !link.Routes.Any(route => route.Contains(prefix))).Distinct()];
        if (unrouted.Length > 0 && Mode(facts, facts.Name) == Strict)
        {
            yield return Finding.Warn(
                "reverse-path-strict", $"{facts.Name} takes IPv4 packets only from where its routes lead, and {unrouted[0]} is not all there", "what peers send from other addresses in it is dropped without a trace",
                Mend.Sysctl($"net/ipv4/conf/{facts.Name}/rp_filter", Loose));
        }

        // The answer to a marked packet goes another way than the packet came, unless the check knows the mark.
        bool isDefault = link.Routes.Any(route => route is { IsIPv4: true, Length: 0 });
        if (device.Tunnel.Mark != 0 && isDefault && facts.System.UpstreamIPv4 is { } upstream && upstream != facts.Name && Mode(facts, upstream) == Strict
            && facts.Sysctl4("all", "src_valid_mark") == 0 && facts.Sysctl4(upstream, "src_valid_mark") == 0)
        {
            yield return Finding.Error(
                "reverse-path-mark", $"the source check on {upstream} does not know the tunnel's mark", "the default route leads into the tunnel, so that the tunnel's own answers from outside count as forged and are dropped",
                Mend.Sysctl("net/ipv4/conf/all/src_valid_mark", 1));
        }
    }

    private static int Mode(Facts facts, string name) => Math.Max(facts.Sysctl4("all", "rp_filter") ?? 0, facts.Sysctl4(name, "rp_filter") ?? 0);
}
