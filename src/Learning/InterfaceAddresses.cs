namespace WgNet.Learning;

/// <summary>
/// Which addresses a host behind the tunnel may have at all, given those of the interface. Immutable: a change of the interface
/// makes a new one.
/// </summary>
internal sealed class InterfaceAddresses
{
    // RFC 6164: on a point-to-point /127 both addresses are hosts', and there is no subnet-router anycast address.
    private const int LongestAnycastPrefix = 126;

    private readonly HashSet<UInt128> _taken = [];

    public InterfaceAddresses(ReadOnlySpan<(UInt128 Address, int PrefixLength)> addresses)
    {
        foreach ((UInt128 address, int prefixLength) in addresses)
        {
            _ = _taken.Add(address);
            if (prefixLength <= LongestAnycastPrefix)
            {
                // RFC 4291 section 2.6.1: the prefix with all other bits zero.
                _ = _taken.Add(new WgNet.Routing.IpPrefix(address, prefixLength, isIPv4: false).Address);
            }
        }
    }

    /// <summary>
    /// Unicast, not <c>::</c>, <c>::1</c> or an IPv4 address in disguise, not the interface's own, and not the anycast address of
    /// the routers on its link, which this host is one of.
    /// </summary>
    public bool IsFit(UInt128 address)
    {
        bool isMulticast = address >> 120 == 0xff;
        bool isIPv4Mapped = address >> 32 == 0xffff;
        return address > UInt128.One && !isMulticast && !isIPv4Mapped && !_taken.Contains(address);
    }
}
