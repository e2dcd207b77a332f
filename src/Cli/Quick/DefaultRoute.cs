using WgNet.Device;
using WgNet.Linux;
using WgNet.Routing;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>
/// A default route into the tunnel, the way of wg-quick(8): in a table of its own that everything uses but the tunnel's own outside
/// packets, which carry the firewall mark, while the main table's routes that are more specific than its default keep their right.
/// The table has the mark's number.
/// </summary>
internal sealed class DefaultRoute(RouteNetlink netlink, string name, Narrator narrator)
{
    /// <summary>IPv6, then IPv4, as wg-quick(8) takes them: the values of each <c>isIPv4</c>.</summary>
    public static readonly bool[] Families = [false, true];

    private const uint FirstTable = 51820;

    // linux/rtnetlink.h: RT_TABLE_DEFAULT, RT_TABLE_MAIN and RT_TABLE_LOCAL, without whose rules the host has no routes at all.
    private const uint FirstOfSystem = 253, LastOfSystem = 255;
    private const string ValidMark = "/proc/sys/net/ipv4/conf/all/src_valid_mark";

    /// <summary>A table number that is free in both families.</summary>
    public static uint FreeTable(RouteNetlink netlink)
    {
        uint table = FirstTable;
        while (netlink.Routes(isIPv4: true, table).Count > 0 || netlink.Routes(isIPv4: false, table).Count > 0)
        {
            table++;
        }

        return table;
    }

    /// <summary>Whether a table of this number is the system's own, so that no tunnel can have it.</summary>
    public static bool IsOfSystem(uint table) => table is >= FirstOfSystem and <= LastOfSystem;

    /// <summary>Whether the rule of a tunnel with this mark is there.</summary>
    public static bool Exists(RouteNetlink netlink, uint mark, bool isIPv4) => mark != 0 && netlink.Rules(isIPv4).Any(rule => IsOfTunnel(rule, mark));

    /// <summary>The marks of tunnels whose rules are there, but whose routes have gone with their interface.</summary>
    public static IEnumerable<uint> LeftBehind(RouteNetlink netlink, bool isIPv4) => netlink.Rules(isIPv4)
        .Where(rule => IsOfTunnel(rule, rule.Table) && !IsOfSystem(rule.Table))
        .Select(rule => rule.Table)
        .Distinct()
        .Where(table => netlink.Routes(isIPv4, table).Count == 0);

    /// <summary>The route of a family in its table.</summary>
    public static PlannedRoute Route(bool isIPv4, uint mark) => new(new IpPrefix(default, 0, isIPv4), mark);

    public void SetMark(uint mark, uint before, UndoStack undo)
    {
        narrator.Do(mark == 0 ? $"wg set {name} fwmark off" : $"wg set {name} fwmark {mark}", () => UapiClient.Set(name, new DeviceUpdate { FirewallMark = mark }));
        undo.Push(() => UapiClient.Set(name, new DeviceUpdate { FirewallMark = before }));
    }

    /// <summary>Adds the rules that send everything to the table, whose route is there already.</summary>
    public void AddRules(bool isIPv4, uint mark, UndoStack undo)
    {
        string family = InterfaceSteps.Family(isIPv4);
        narrator.Do($"ip {family} rule add not fwmark {mark} table {mark}", () => AddRule(new PolicyRule(isIPv4, mark, mark, Not: true), undo));

        // That of another tunnel is good for both only where it is asked before this one's table.
        uint priority = netlink.Rules(isIPv4).First(rule => rule.Not && rule.Table == mark).Priority ?? 0;
        if (!netlink.Rules(isIPv4).Any(rule => IsSuppressRule(rule) && rule.Priority < priority))
        {
            narrator.Do($"ip {family} rule add table main suppress_prefixlength 0", () => AddRule(
                new PolicyRule(isIPv4, RouteNetlink.MainTable, SuppressPrefixLength: 0, Priority: priority - 1), undo));
        }

        if (isIPv4)
        {
            narrator.Do("sysctl -q net.ipv4.conf.all.src_valid_mark=1", () => File.WriteAllText(ValidMark, "1"));
        }
    }

    /// <summary>Takes a family's rules away: all that lead to the tunnel's table, but no others where that is the system's own.</summary>
    public void RemoveRules(bool isIPv4, uint mark, UndoStack? undo = null)
    {
        string family = InterfaceSteps.Family(isIPv4);
        foreach (PolicyRule rule in netlink.Rules(isIPv4).Where(rule => IsOfSystem(mark) ? IsOfTunnel(rule, mark) : rule.Table == mark))
        {
            narrator.Do($"ip {family} rule delete table {mark}", () => DeleteRule(rule, undo));
        }

        // Another tunnel with a default route of its own still needs the rule that both share.
        IReadOnlyList<PolicyRule> left = netlink.Rules(isIPv4);
        if (left.Any(rule => IsOfTunnel(rule, rule.Table)))
        {
            return;
        }

        foreach (PolicyRule rule in left.Where(IsSuppressRule))
        {
            narrator.Do($"ip {family} rule delete table main suppress_prefixlength 0", () => DeleteRule(rule, undo));
        }
    }

    private static bool IsOfTunnel(PolicyRule rule, uint mark) => rule.Not && rule.Mark == mark && rule.Table == mark;

    private static bool IsSuppressRule(PolicyRule rule) => rule is { Table: RouteNetlink.MainTable, SuppressPrefixLength: 0, Mark: null };

    private void AddRule(PolicyRule rule, UndoStack undo)
    {
        netlink.AddRule(rule);
        undo.Push(() => netlink.DeleteRule(rule));
    }

    private void DeleteRule(PolicyRule rule, UndoStack? undo)
    {
        netlink.DeleteRule(rule);
        undo?.Push(() => netlink.AddRule(rule));
    }
}
