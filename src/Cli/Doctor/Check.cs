namespace WgNet.Cli.Doctor;

/// <summary>One subject that doctor looks at.</summary>
/// <param name="Id">Of the line that says that all is well.</param>
/// <param name="Ok">What that line says.</param>
/// <param name="Examine">What is wrong, or why it could not be seen; nothing if all is well.</param>
internal sealed record Check(string Id, string Ok, Func<Facts, IEnumerable<Finding>> Examine)
{
    /// <summary>In the order in which a packet, and a reader, would meet what they look at.</summary>
    public static readonly IReadOnlyList<Check> All =
    [
        ConfigurationCheck.Check, PermissionCheck.Check, KeyCheck.Check, SystemCheck.Check, DaemonCheck.Check, AppliedCheck.Check,
        InterfaceCheck.Check, PortCheck.Check, EndpointCheck.Check, FirewallCheck.Check, MtuCheck.Check, AllowedIpsCheck.Check,
        LearnableCheck.Check, LinkLocalCheck.Check, AdvertisementCheck.Check, RouteCheck.Check, ForwardingCheck.Check,
        UpstreamCheck.Check, ReversePathCheck.Check, OffloadCheck.Check, ClockCheck.Check,
    ];

    /// <summary>Whether it looks at this network, which tells nothing of an interface in another.</summary>
    public bool IsOfNetwork { get; init; }

    /// <summary>What all of them found, at least one finding each.</summary>
    public static IReadOnlyList<Finding> Run(Facts facts) => [.. All.SelectMany(check => check.Findings(facts))];

    private IEnumerable<Finding> Findings(Facts facts) => IsOfNetwork && facts is { Device: not null, Link: null }
        ? [Finding.Skip(Id, "the interface is in another network namespace")]
        : Examine(facts).DefaultIfEmpty(Finding.Ok(Id, Ok));
}
