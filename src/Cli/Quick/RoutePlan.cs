using System.Globalization;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Routing;

namespace WgNet.Cli.Quick;

/// <summary>Which inside prefixes get a route into the interface, and in which order. Pure.</summary>
internal static class RoutePlan
{
    /// <summary>
    /// Everything a peer may own, longest prefix first as wg-quick(8) does: what it is allowed, and what it may learn, since
    /// packets for an address that is yet to be learned must reach the interface as well.
    /// </summary>
    public static IReadOnlyList<IpPrefix> Prefixes(DeviceUpdate update) =>
    [
        .. update.Peers
            .SelectMany(peer => peer.AllowedIps.Concat(peer.LearnableIps))
            .Where(change => !change.Remove)
            .Select(change => change.Prefix)
            .Distinct()
            .OrderByDescending(prefix => prefix.Length),
    ];

    /// <summary>Whether a route of the interface leads there already: the one that came with an address, or a shorter prefix's.</summary>
    public static bool IsCovered(IpPrefix prefix, IEnumerable<RouteInfo> routes, int interfaceIndex) => routes.Any(route =>
        route.Interface == interfaceIndex
        && route.PrefixLength <= prefix.Length
        && new IpPrefix(prefix.Address, route.PrefixLength, prefix.IsIPv4).Address == IpPrefix.ToNumber(route.Destination));

    /// <summary>A table's number: itself, or a name of /etc/iproute2/rt_tables.</summary>
    /// <param name="namedTables">The lines of that file.</param>
    public static uint ParseTable(string text, IEnumerable<string> namedTables)
    {
        if (TryParseNumber(text, out uint table))
        {
            return table;
        }

        foreach (string line in namedTables)
        {
            string[] words = line.Split('#')[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 2 && words[1] == text && TryParseNumber(words[0], out table))
            {
                return table;
            }
        }

        return text switch
        {
            "local" => 255,
            "main" => 254,
            "default" => 253,
            _ => throw new CommandException($"Table is `{text}': it must be off, auto, a number, or a name in /etc/iproute2/rt_tables"),
        };
    }

    private static bool TryParseNumber(string text, out uint number) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
            : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
