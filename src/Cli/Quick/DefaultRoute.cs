using System.Globalization;
using System.Text;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Routing;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>
/// A default route into the tunnel, the way of wg-quick(8): in a table of its own that everything uses but the tunnel's own outside
/// packets, which carry the firewall mark, while the main table's routes that are more specific than its default keep their right.
/// </summary>
internal sealed class DefaultRoute(RouteNetlink netlink, string name, int index, Narrator narrator, UndoStack undo)
{
    private const uint FirstTable = 51820;
    private const string ValidMark = "/proc/sys/net/ipv4/conf/all/src_valid_mark";

    /// <param name="addresses">The interface's own addresses of the route's family, for the firewall.</param>
    /// <param name="mark">The device's firewall mark; 0 if it has none yet.</param>
    /// <returns>The device's firewall mark from now on.</returns>
    public uint Add(IpPrefix prefix, uint mark, IEnumerable<string> addresses)
    {
        uint table = mark != 0 ? mark : ChooseMark();
        string family = prefix.IsIPv4 ? "-4" : "-6";
        narrator.Step($"ip {family} route add {prefix} dev {name} table {table}");
        netlink.AddRoute(IpPrefix.ToAddress(prefix.Address, prefix.IsIPv4), prefix.Length, index, table);
        narrator.Step($"ip {family} rule add not fwmark {table} table {table}");
        AddRule(MarkRule(prefix.IsIPv4, table));
        narrator.Step($"ip {family} rule add table main suppress_prefixlength 0");
        AddRule(SuppressRule(prefix.IsIPv4));
        if (prefix.IsIPv4)
        {
            narrator.Step("sysctl -q net.ipv4.conf.all.src_valid_mark=1");
            File.WriteAllText(ValidMark, "1");
        }

        AddFirewall(prefix.IsIPv4, table, addresses);
        return table;
    }

    /// <summary>Whether the rule of a tunnel with this mark is there, in either family.</summary>
    public static bool Exists(RouteNetlink netlink, uint mark) =>
        netlink.Rules(isIPv4: true).Concat(netlink.Rules(isIPv4: false)).Any(rule => rule.Not && rule.Mark == mark && rule.Table == mark);

    /// <summary>Takes away what <see cref="Add"/> added beside the route itself, which goes with the interface.</summary>
    public static void Remove(RouteNetlink netlink, string name, uint mark, Narrator narrator)
    {
        foreach (bool isIPv4 in new[] { true, false })
        {
            string family = isIPv4 ? "-4" : "-6";
            foreach (PolicyRule rule in netlink.Rules(isIPv4).Where(rule => rule.Table == mark))
            {
                narrator.Step($"ip {family} rule delete table {mark}");
                netlink.DeleteRule(rule);
            }

            // Another tunnel with a default route of its own still needs the rule that both share.
            IReadOnlyList<PolicyRule> left = netlink.Rules(isIPv4);
            if (left.Any(rule => rule.Not && rule.Mark == rule.Table))
            {
                continue;
            }

            foreach (PolicyRule rule in left.Where(rule => rule is { Table: RouteNetlink.MainTable, SuppressPrefixLength: 0, Mark: null }))
            {
                narrator.Step($"ip {family} rule delete table main suppress_prefixlength 0");
                netlink.DeleteRule(rule);
            }
        }

        RemoveFirewall(name, isIPv4: true, narrator);
        RemoveFirewall(name, isIPv4: false, narrator);
    }

    private static PolicyRule MarkRule(bool isIPv4, uint table) => new(isIPv4, table, table, Not: true);

    private static PolicyRule SuppressRule(bool isIPv4) => new(isIPv4, RouteNetlink.MainTable, SuppressPrefixLength: 0);

    private void AddRule(PolicyRule rule)
    {
        try
        {
            netlink.AddRule(rule);
            undo.Push(() => netlink.DeleteRule(rule));
        }
        catch (LinuxException exception) when (exception.Errno == Errno.EEXIST)
        {
            // Another tunnel's, and good for both.
        }
    }

    // A table number that is free in both families, and the same number as mark.
    private uint ChooseMark()
    {
        uint table = FirstTable;
        while (netlink.Routes(isIPv4: true, table).Count > 0 || netlink.Routes(isIPv4: false, table).Count > 0)
        {
            table++;
        }

        narrator.Step($"wg set {name} fwmark {table}");
        UapiClient.Set(name, new DeviceUpdate { FirewallMark = table });
        return table;
    }

    // Who is on the link must not reach the tunnel's inside address from outside (CVE-2019-14899), and answers to the tunnel's
    // outside packets must keep their mark through reverse path filtering.
    private void AddFirewall(bool isIPv4, uint mark, IEnumerable<string> addresses)
    {
        if (ExternalCommand.Find("nft") is not { } nft)
        {
            narrator.Warn("nft is missing (apt-get install nftables): packets from outside for the inside addresses are not filtered");
            return;
        }

        narrator.Step("nft -f /dev/stdin");
        if (ExternalCommand.Run(nft, ["-f", "/dev/stdin"], Rules(name, isIPv4, mark, addresses)) != 0)
        {
            throw new CommandException("nft refused the rules for the default route");
        }

        undo.Push(() => RemoveFirewall(name, isIPv4, narrator));
    }

    private static string Rules(string name, bool isIPv4, uint mark, IEnumerable<string> addresses)
    {
        string family = isIPv4 ? "ip" : "ip6";
        string table = $"{family} wg-quick-{name}";
        StringBuilder rules = new();
        _ = rules.Append(CultureInfo.InvariantCulture, $$"""
            add table {{table}}
            add chain {{table}} preraw { type filter hook prerouting priority -300; }
            add chain {{table}} premangle { type filter hook prerouting priority -150; }
            add chain {{table}} postmangle { type filter hook postrouting priority -150; }
            add rule {{table}} postmangle meta l4proto udp mark {{mark}} ct mark set mark
            add rule {{table}} premangle meta l4proto udp meta mark set ct mark

            """);
        foreach (string address in addresses)
        {
            _ = rules.Append(CultureInfo.InvariantCulture, $"add rule {table} preraw iifname != \"{name}\" {family} daddr {address} fib saddr type != local drop\n");
        }

        return rules.ToString();
    }

    private static void RemoveFirewall(string name, bool isIPv4, Narrator narrator)
    {
        string table = $"{(isIPv4 ? "ip" : "ip6")} wg-quick-{name}";
        if (ExternalCommand.Find("nft") is { } nft)
        {
            // `add' first, because deleting what is not there would be an error.
            narrator.Step($"nft delete table {table}");
            _ = ExternalCommand.Run(nft, ["-f", "/dev/stdin"], $"add table {table}\ndelete table {table}\n");
        }
    }
}
