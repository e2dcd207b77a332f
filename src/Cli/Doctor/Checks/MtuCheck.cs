namespace WgNet.Cli.Doctor;

/// <summary>Packets of the inside MTU fit, sealed, through the ways to the endpoints.</summary>
internal static class MtuCheck
{
    // RFC 8200 section 5.
    private const int SmallestIPv6 = 1280;

    // IPv4 20 or IPv6 40, UDP 8, WireGuard 32.
    private const int OverIPv4 = 60, OverIPv6 = 80;

    public static readonly Check Check = new("mtu", "packets of the tunnel's MTU fit through the ways to the endpoints", Examine) { IsOfNetwork = true };

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        int mtu = facts.Link is not null && facts.Device is not null ? facts.Link.Link.Mtu : facts.File?.Mtu ?? 0;
        if (mtu == 0)
        {
            yield return Finding.Skip("mtu", "the interface does not run here, and its file leaves the choice to `wgnet up'");
            yield break;
        }

        if (mtu < SmallestIPv6 && (facts.Learns || facts.OwnAddresses.Any(address => !address.IsIPv4) || (facts.File?.Addresses.Any(address => !address.IsIPv4) ?? false)))
        {
            yield return Finding.Error(
                "mtu-below-ipv6", $"the MTU is {mtu}, and IPv6 needs {SmallestIPv6}", "the kernel takes IPv6 away from the interface, addresses and routes with it", Mends(facts, SmallestIPv6));
            yield break;
        }

        PathFacts narrowest = facts.System.Paths.Where(path => path is { Mtu: > 0, IsThroughTunnel: false }).OrderBy(Room).FirstOrDefault();
        if (narrowest.Mtu > 0 && mtu > Room(narrowest))
        {
            yield return Finding.Warn(
                "mtu-too-large", $"the MTU is {mtu}, and the way to {narrowest.Endpoint.Address} carries {narrowest.Mtu}, which leaves {Room(narrowest)}",
                "large packets travel in fragments, slowly, and where fragments are dropped connections hang", Mends(facts, Math.Max(Room(narrowest), SmallestIPv6)));
        }
    }

    private static int Room(PathFacts path) => path.Mtu - (path.Endpoint.IsIPv4 ? OverIPv4 : OverIPv6);

    private static Mend[] Mends(Facts facts, int mtu) =>
    [
        .. facts.Link is null ? Array.Empty<Mend>() : [Mend.Run($"ip link set {facts.Name} mtu {mtu}")],
        .. facts.File is null ? Array.Empty<Mend>() : [facts.File.Set("MTU", $"{mtu}")],
    ];
}
