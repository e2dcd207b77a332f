using WgNet.Routing;

namespace WgNet.Cli.Doctor;

/// <summary>
/// Somebody advertises the learnable prefixes on the interface. Nobody hears what he sends himself, so what counts is the
/// configuration of the programs that do this.
/// </summary>
internal static class AdvertisementCheck
{
    private const string Why = "clients form their addresses from router advertisements, and without one they have none";

    public static readonly Check Check = new("advertisements", "a running program is configured to advertise the learnable prefixes", Examine) { IsOfNetwork = true };

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        IpPrefix[] learnable = [.. (facts.Configured?.Peers ?? []).SelectMany(peer => peer.LearnableIps).Where(prefix => prefix.IsGlobal()).Distinct()];
        if (learnable.Length == 0)
        {
            yield return Finding.Skip("advertisements", "no peer has LearnableIPs of global addresses");
            yield break;
        }

        foreach (IpPrefix prefix in learnable)
        {
            Advertiser[] advertisers = [.. facts.System.Advertisers.Where(advertiser => Covers(facts, advertiser, prefix))];
            if (advertisers.Length == 0)
            {
                yield return Finding.Warn(
                    "not-advertised", $"no configuration of radvd, BIRD, dnsmasq or systemd-networkd that doctor can find advertises {prefix} on {facts.Name}", Why,
                    Mend.Write("/etc/radvd.conf", 0, $"interface {facts.Name} {{ AdvSendAdvert on; UnicastOnly on; prefix {Network(facts, prefix)} {{ }}; }};"),
                    Mend.Run("systemctl restart radvd"));
            }
            else if (facts.IsRunning && !advertisers.Any(advertiser => advertiser.Process is not null))
            {
                yield return Finding.Error(
                    "advertiser-stopped", $"{advertisers[0].Program} does not run, which {advertisers[0].Path} has advertise {prefix} on {facts.Name}", Why,
                    Mend.Run($"systemctl restart {advertisers[0].Program}"));
            }
        }
    }

    private static bool Covers(Facts facts, Advertiser advertiser, IpPrefix learnable) =>
        advertiser.Prefixes.Any(prefix => learnable.Contains(prefix))
        || (advertiser.AdvertisesOwn && facts.OwnAddresses.Any(own => !own.IsIPv4 && learnable.Contains(own.Network)));

    // What is advertised is a /64, whatever may be learned.
    private static IpPrefix Network(Facts facts, IpPrefix learnable) => learnable.Length == 64 ? learnable
        : facts.OwnAddresses.Where(own => !own.IsIPv4 && own.Length == 64).Select(own => own.Network).FirstOrDefault(network => learnable.Contains(network)) is { Length: 64 } own ? own
        : new IpPrefix(learnable.Address, 64, isIPv4: false);
}
