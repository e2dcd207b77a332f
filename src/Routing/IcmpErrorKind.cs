namespace WgNet.Routing;

/// <summary>Why a packet could not go on. The kernel's WireGuard says <see cref="AddressUnreachable"/> in every case.</summary>
public enum IcmpErrorKind : byte
{
    /// <summary>ICMP host unreachable (3/1), ICMPv6 no route to destination (1/0).</summary>
    NoRoute,

    /// <summary>ICMP host unreachable (3/1), ICMPv6 address unreachable (1/3).</summary>
    AddressUnreachable,
}
