namespace WgNet.Cli.Doctor;

/// <summary>A machine that became a router still hears the routers that it lives by itself.</summary>
internal static class UpstreamCheck
{
    public static readonly Check Check = new("upstream", "no interface that lives by router advertisements ignores them", Examine) { IsOfNetwork = true };

    // The kernel takes no advertisements on an interface that forwards unless accept_ra is 2. With 0, another program sees to them.
    private static IEnumerable<Finding> Examine(Facts facts) =>
        from name in facts.System.AddressedByRouters
        where name != facts.Name && facts.Sysctl6(name, "forwarding") == 1 && facts.Sysctl6(name, "accept_ra") == 1
        select Finding.Error(
            "advertisements-ignored", $"{name} has its IPv6 address by router advertisements, and ignores them since this machine forwards",
            "its default route is gone, and its address will go when it is not renewed; all.forwarding does this unless accept_ra is 2",
            Mend.Sysctl($"net/ipv6/conf/{name}/accept_ra", 2));
}
