using WgNet.Routing;

namespace WgNet.Micro;

/// <summary>
/// A synthetic Internet routing table: 800,000 IPv4 prefixes with about the lengths of the global table (six in ten are /24) and
/// 200,000 IPv6 prefixes (nearly half are /48). Addresses are uniform over 1.0.0.0 to 223.255.255.255 and over 2000::/3, with no
/// allocations that would cluster them, which is the worst case for the memory of a trie. Always the same prefixes in the same order.
/// </summary>
internal static class FullTable
{
    public const int IPv4Count = 800_000;
    public const int IPv6Count = 200_000;

    // Thousandths.
    private static readonly (int Length, int Share)[] IPv4Lengths =
        [(24, 600), (23, 105), (22, 115), (21, 52), (20, 45), (19, 27), (18, 14), (17, 9), (16, 31), (15, 1), (14, 1)];

    private static readonly (int Length, int Share)[] IPv6Lengths =
        [(48, 460), (44, 100), (40, 105), (32, 120), (36, 55), (29, 25), (46, 30), (47, 30), (45, 15), (42, 20), (33, 15), (34, 10), (38, 15)];

    public static List<IpPrefix> Create()
    {
        var random = new Random(1);
        HashSet<IpPrefix> known = new(IPv4Count + IPv6Count);
        List<IpPrefix> prefixes = new(IPv4Count + IPv6Count);
        while (prefixes.Count < IPv4Count + IPv6Count)
        {
            bool isIPv4 = prefixes.Count < IPv4Count;
            UInt128 address = isIPv4
                ? (UInt128)random.NextInt64(0x0100_0000, 0xE000_0000)
                : new UInt128(0x2000_0000_0000_0000 | ((ulong)random.NextInt64() >> 2), 0);
            var prefix = new IpPrefix(address, Length(isIPv4 ? IPv4Lengths : IPv6Lengths, random.Next(1000)), isIPv4);
            if (known.Add(prefix))
            {
                prefixes.Add(prefix);
            }
        }

        return prefixes;
    }

    private static int Length((int Length, int Share)[] lengths, int point)
    {
        foreach ((int length, int share) in lengths)
        {
            if ((point -= share) < 0)
            {
                return length;
            }
        }

        throw new InvalidOperationException("the shares do not add up to a thousand");
    }
}
