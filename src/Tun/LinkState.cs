using System.Net;

namespace WgNet.Tun;

/// <summary>What the kernel says of the interface itself: whether it is up, and its own inside addresses with their prefix lengths.</summary>
public sealed record LinkState(bool Up, int Mtu, IReadOnlyList<(IPAddress Address, int PrefixLength)> Addresses)
{
    public string Name { get; init; } = "";

    /// <summary>By value, the addresses in any order included.</summary>
    public bool Equals(LinkState? other) =>
        other is not null && Up == other.Up && Mtu == other.Mtu && Name == other.Name
        && Addresses.Count == other.Addresses.Count && !Addresses.Except(other.Addresses).Any();

    public override int GetHashCode() => HashCode.Combine(Up, Mtu, Name, Addresses.Count);
}
