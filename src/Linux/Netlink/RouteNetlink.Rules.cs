using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>A policy routing rule that leads to a table, as far as wg-quick(8) needs one.</summary>
/// <param name="Mark">Only packets with this firewall mark, or without it if <paramref name="Not"/>; null for all.</param>
/// <param name="Not">Whether the rule holds for what does not match.</param>
/// <param name="SuppressPrefixLength">Routes of at most this length in the table do not count; null for none such.</param>
/// <param name="Priority">Lower is asked earlier; null lets the kernel put it before those there are.</param>
public sealed record PolicyRule(bool IsIPv4, uint Table, uint? Mark = null, bool Not = false, int? SuppressPrefixLength = null, uint? Priority = null);

public sealed partial class RouteNetlink
{
    private const ushort RTM_NEWRULE = 32, RTM_DELRULE = 33, RTM_GETRULE = 34;
    private const ushort FRA_PRIORITY = 6, FRA_FWMARK = 10, FRA_SUPPRESS_PREFIXLEN = 14, FRA_TABLE = 15;
    private const byte FR_ACT_TO_TBL = 1;
    private const uint FIB_RULE_INVERT = 2;

    /// <summary>EEXIST if there is one that is the same but for its priority given by the kernel.</summary>
    public void AddRule(PolicyRule rule) => Change(RuleRequest(RTM_NEWRULE, Rtnetlink.NLM_F_CREATE | Rtnetlink.NLM_F_EXCL, rule), "RTM_NEWRULE", $"{rule}");

    /// <summary>Deletes the first that matches; ENOENT if none does.</summary>
    public void DeleteRule(PolicyRule rule) => Change(RuleRequest(RTM_DELRULE, 0, rule), "RTM_DELRULE", $"{rule}");

    /// <summary>All rules of a family that lead to a table, in the order in which they are asked.</summary>
    public IReadOnlyList<PolicyRule> Rules(bool isIPv4)
    {
        var body = new RuleMessage { Family = NetlinkRequest.Family(isIPv4) };
        return Dump(new NetlinkRequest(RTM_GETRULE, Rtnetlink.NLM_F_DUMP).Body(in body), "RTM_GETRULE", bytes => ReadRule(bytes, isIPv4));
    }

    private static NetlinkRequest RuleRequest(ushort type, ushort flags, PolicyRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        var body = new RuleMessage
        {
            Family = NetlinkRequest.Family(rule.IsIPv4),
            Table = rule.Table <= byte.MaxValue ? (byte)rule.Table : RT_TABLE_COMPAT,
            Action = FR_ACT_TO_TBL,
            Flags = rule.Not ? FIB_RULE_INVERT : 0,
        };
        NetlinkRequest request = new NetlinkRequest(type, (ushort)(flags | Rtnetlink.NLM_F_ACK)).Body(in body).Attribute(FRA_TABLE, rule.Table);
        _ = rule.Mark is uint mark ? request.Attribute(FRA_FWMARK, mark) : request;
        _ = rule.SuppressPrefixLength is int length ? request.Attribute(FRA_SUPPRESS_PREFIXLEN, (uint)length) : request;
        _ = rule.Priority is uint priority ? request.Attribute(FRA_PRIORITY, priority) : request;
        return request;
    }

    private static PolicyRule? ReadRule(ReadOnlySpan<byte> payload, bool isIPv4)
    {
        if (payload.Length < RuleMessage.Size)
        {
            return null;
        }

        RuleMessage body = MemoryMarshal.Read<RuleMessage>(payload);
        if (body.Family != NetlinkRequest.Family(isIPv4) || body.Action != FR_ACT_TO_TBL)
        {
            return null;
        }

        // The kernel leaves the priority out when it is 0, and writes −1 for no suppression.
        var rule = new PolicyRule(isIPv4, body.Table, Not: (body.Flags & FIB_RULE_INVERT) != 0, Priority: 0);
        var attributes = new NetlinkAttributes(payload[RuleMessage.Size..]);
        while (attributes.MoveNext())
        {
            if (attributes.Value.Length >= sizeof(uint))
            {
                rule = With(rule, attributes.Type, MemoryMarshal.Read<uint>(attributes.Value));
            }
        }

        return rule;
    }

    private static PolicyRule With(PolicyRule rule, ushort type, uint value) => type switch
    {
        FRA_TABLE => rule with { Table = value },
        FRA_FWMARK => rule with { Mark = value },
        FRA_PRIORITY => rule with { Priority = value },
        FRA_SUPPRESS_PREFIXLEN => rule with { SuppressPrefixLength = (int)value < 0 ? null : (int)value },
        _ => rule,
    };
}
