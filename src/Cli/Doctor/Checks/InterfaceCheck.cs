namespace WgNet.Cli.Doctor;

/// <summary>The running interface is up and has its inside addresses.</summary>
internal static class InterfaceCheck
{
    public static readonly Check Check = new("interface", "it is up and has its addresses", Examine) { IsOfNetwork = true };

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        bool wantsIPv6 = facts.Learns || (facts.File?.Addresses.Any(address => !address.IsIPv4) ?? false);
        if (wantsIPv6 && facts.Sysctl6(facts.Link is null ? "default" : facts.Name, "disable_ipv6") == 1)
        {
            yield return Finding.Error(
                "ipv6-disabled", $"the kernel has IPv6 switched off on {(facts.Link is null ? "new interfaces" : facts.Name)}", "the interface cannot have inside IPv6 addresses, and no IPv6 packet passes it",
                Mend.Sysctl($"net/ipv6/conf/{(facts.Link is null ? "default" : facts.Name)}/disable_ipv6", 0), Mend.Run(facts.Link is null ? $"wgnet up {facts.Argument}" : $"wgnet reload {facts.Argument}"));
            yield break;
        }

        if (!facts.IsRunning)
        {
            yield return Finding.Skip("interface", "it does not run here");
            yield break;
        }

        if (!facts.Link!.Link.IsUp)
        {
            yield return Finding.Error("interface-down", $"{facts.Name} is down", "it neither sends nor listens", Mend.Run($"ip link set {facts.Name} up"));
        }

        foreach (OwnAddress address in (facts.File?.Addresses ?? []).Except(facts.OwnAddresses))
        {
            yield return Finding.Error(
                "address-missing", $"{facts.Name} has no address {address}, which its file gives it", "what is sent there does not arrive, and its network has no route",
                Mend.Run($"ip address add {address} dev {facts.Name}"));
        }
    }
}
