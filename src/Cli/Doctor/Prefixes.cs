using WgNet.Routing;

namespace WgNet.Cli.Doctor;

/// <summary>What checks ask of prefixes.</summary>
internal static class Prefixes
{
    public static readonly IpPrefix LinkLocal = Parse("fe80::/10"), Multicast = Parse("ff00::/8");

    /// <summary>Whether all of the second lies in the first.</summary>
    public static bool Contains(this IpPrefix outer, IpPrefix inner) =>
        outer.IsIPv4 == inner.IsIPv4 && outer.Length <= inner.Length && new IpPrefix(inner.Address, outer.Length, inner.IsIPv4) == outer;

    public static bool Overlaps(this IpPrefix one, IpPrefix other) => one.Contains(other) || other.Contains(one);

    /// <summary>The length of the longest that contains an address; −1 if none does.</summary>
    public static int Longest(IEnumerable<IpPrefix> prefixes, OwnAddress address)
    {
        IpPrefix host = new(address.Number, address.IsIPv4 ? 32 : 128, address.IsIPv4);
        return prefixes.Where(prefix => prefix.Contains(host)).Select(prefix => prefix.Length).DefaultIfEmpty(-1).Max();
    }

    /// <summary>Inside prefixes of which a host beyond the link can have an address.</summary>
    public static bool IsGlobal(this IpPrefix prefix) => !LinkLocal.Contains(prefix) && !Multicast.Contains(prefix);

    private static IpPrefix Parse(string text) => IpPrefix.TryParse(text, out IpPrefix prefix) ? prefix : throw new FormatException(text);
}
