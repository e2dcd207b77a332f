namespace WgNet.Cli.Doctor;

/// <summary>A packet that must get through, as far as rules can see it: the first of its kind, from anybody.</summary>
/// <param name="Hook"><c>input</c> or <c>forward</c>.</param>
/// <param name="Protocol">As nft(8) names it: <c>udp</c>, <c>ipv6-icmp</c>; null for whatever there is inside a tunnel.</param>
/// <param name="Port">The destination's, or 0.</param>
/// <param name="State">Of the connection, as nft(8) names it.</param>
internal sealed record Probe(string Hook, bool IsIPv4, string? Protocol, int Port, string State)
{
    /// <summary>Null: any but the loopback interface and <see cref="NotInputInterface"/>.</summary>
    public string? InputInterface { get; init; }

    /// <summary>One that the packet does not come in on.</summary>
    public string? NotInputInterface { get; init; }

    /// <summary>Null: any.</summary>
    public string? OutputInterface { get; init; }

    /// <summary>As nft(8) names it; null if it is no ICMPv6.</summary>
    public string? IcmpType { get; init; }
}

/// <summary>Whether something holds for a packet of which not everything is known.</summary>
internal enum Certainty
{
    No,
    Maybe,
    Yes,
}
