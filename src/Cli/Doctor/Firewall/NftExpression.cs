using System.Text.Json;

namespace WgNet.Cli.Doctor;

/// <summary>One statement of a rule in nft's JSON (libnftables-json(5)) and a packet: does it match, and what is done then.</summary>
internal static class NftExpression
{
    // What can only let a packet through, or is somebody's who knows. "xt" is what iptables-nft keeps in its own terms.
    private static readonly string[] Verdicts = ["accept", "drop", "reject", "return", "jump", "goto", "queue", "xt"];

    /// <summary>Whether the rule goes on behind the statement. What is not understood may match.</summary>
    public static Certainty Matches(JsonElement statement, Probe probe)
    {
        if (Property(statement) is not { } step)
        {
            return Certainty.Maybe;
        }

        return step.Name switch
        {
            "match" => Match(step.Value, probe),
            "counter" or "log" or "comment" or "mangle" or "notrack" or "meter" => Certainty.Yes,
            _ => Certainty.Maybe,
        };
    }

    /// <summary>The verdicts in a statement, each with whether the packet takes it: one, or those of a verdict map.</summary>
    public static IEnumerable<(Certainty Certainty, JsonProperty Verdict)> Steps(JsonElement statement, Probe probe)
    {
        if (Property(statement) is not { } step)
        {
            yield break;
        }

        if (step.Name == "xt")
        {
            // A match of iptables' own is no verdict; a target is one of unknown effect.
            if (Text(step.Value, "type") == "target")
            {
                yield return (Certainty.Maybe, step);
            }
        }
        else if (Verdicts.Contains(step.Name, StringComparer.Ordinal))
        {
            yield return (Certainty.Yes, step);
        }
        else if (step.Name == "vmap" && TryGet(step.Value, "key", out JsonElement key) && TryGet(step.Value, "data", out JsonElement data)
            && TryGet(data, "set", out JsonElement set) && set.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement element in set.EnumerateArray())
            {
                if (element.ValueKind == JsonValueKind.Array && element.GetArrayLength() == 2 && Property(element[1]) is { } verdict)
                {
                    yield return (Compare(key, element[0], probe), verdict);
                }
            }
        }
    }

    /// <summary>The text of a property, or nothing.</summary>
    public static string Text(JsonElement element, string name) =>
        TryGet(element, name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    // Unlike JsonElement's own, of any kind of element.
    private static bool TryGet(JsonElement element, string name, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out value);
    }

    private static bool TryGetNumber(JsonElement element, out int number)
    {
        number = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out number);
    }

    private static Certainty Match(JsonElement match, Probe probe)
    {
        if (!TryGet(match, "left", out JsonElement left) || !TryGet(match, "right", out JsonElement right))
        {
            return Certainty.Maybe;
        }

        Certainty equal = Compare(left, right, probe);
        return Text(match, "op") switch
        {
            "==" or "in" => equal,
            "!=" => equal switch { Certainty.Yes => Certainty.No, Certainty.No => Certainty.Yes, _ => Certainty.Maybe },
            _ => Certainty.Maybe,
        };
    }

    private static Certainty Compare(JsonElement left, JsonElement right, Probe probe)
    {
        if (Property(left) is not { } field)
        {
            return Certainty.Maybe;
        }

        string key = Text(field.Value, "key");
        return (field.Name, key) switch
        {
            ("meta", "iifname" or "iif") => Interface(right, probe.InputInterface, probe.NotInputInterface),
            ("meta", "oifname" or "oif") => Interface(right, probe.OutputInterface, not: null),
            ("meta", "l4proto") => probe.Protocol is null ? Certainty.Maybe : Any(right, value => IsProtocol(value, probe)),
            ("meta", "nfproto") => Any(right, value => Is(value, probe.IsIPv4 ? "ipv4" : "ipv6")),
            ("ct", "state") => Any(right, value => Is(value, probe.State)),
            ("payload", _) => Payload(field.Value, right, probe),
            _ => Certainty.Maybe,
        };
    }

    private static Certainty Payload(JsonElement payload, JsonElement right, Probe probe)
    {
        string protocol = Text(payload, "protocol"), field = Text(payload, "field");
        return (protocol, field) switch
        {
            ("ip", _) when !probe.IsIPv4 => Certainty.No,
            ("ip6" or "icmpv6", _) when probe.IsIPv4 => Certainty.No,
            ("ip", "protocol") or ("ip6", "nexthdr") => probe.Protocol is null ? Certainty.Maybe : Any(right, value => IsProtocol(value, probe)),
            ("icmpv6", "type") when probe.Protocol is not null => probe.IcmpType is null ? Certainty.No : Any(right, value => Is(value, probe.IcmpType)),
            ("udp" or "th", "dport") when probe.Protocol == "udp" => Any(right, value => Port(value, probe.Port)),
            ("tcp" or "udp" or "sctp" or "dccp" or "udplite" or "icmp" or "icmpv6" or "esp" or "ah", _) when probe.Protocol is not null && !IsNamed(protocol, probe) => Certainty.No,
            _ => Certainty.Maybe,
        };
    }

    // A name, a pattern that ends in a star, or a set of them.
    private static Certainty Interface(JsonElement right, string? name, string? not) => Any(right, value =>
        value.ValueKind != JsonValueKind.String || value.GetString() is not { } pattern || pattern.StartsWith('@') ? Certainty.Maybe
        : name is null ? (pattern == "lo" || pattern == not ? Certainty.No : Certainty.Maybe)
        : YesIf(pattern.EndsWith('*') ? name.StartsWith(pattern[..^1], StringComparison.Ordinal) : name == pattern));

    private static Certainty Port(JsonElement value, int port) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetInt32(out int number) => YesIf(number == port),
        JsonValueKind.Object when TryGet(value, "range", out JsonElement range) && range.ValueKind == JsonValueKind.Array && range.GetArrayLength() == 2
            && TryGetNumber(range[0], out int low) && TryGetNumber(range[1], out int high) => YesIf(low <= port && port <= high),
        _ => Certainty.Maybe,
    };

    private static Certainty IsProtocol(JsonElement value, Probe probe) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!.StartsWith('@') ? Certainty.Maybe : YesIf(IsNamed(value.GetString()!, probe)),
        JsonValueKind.Number when value.TryGetInt32(out int number) => YesIf(number == (probe.Protocol == "udp" ? 17 : 58)),
        _ => Certainty.Maybe,
    };

    private static bool IsNamed(string protocol, Probe probe) => protocol == probe.Protocol || (protocol is "icmpv6" or "ipv6-icmp" && probe.Protocol == "ipv6-icmp");

    private static Certainty Is(JsonElement value, string expected) =>
        value.ValueKind == JsonValueKind.String && !value.GetString()!.StartsWith('@') ? YesIf(value.ValueEquals(expected)) : Certainty.Maybe;

    // Of a set, a list or one value, what the best element says.
    private static Certainty Any(JsonElement right, Func<JsonElement, Certainty> compare)
    {
        if (TryGet(right, "set", out JsonElement set))
        {
            right = set;
        }

        return right.ValueKind == JsonValueKind.Array ? right.EnumerateArray().Select(compare).DefaultIfEmpty(Certainty.Maybe).Max() : compare(right);
    }

    private static Certainty YesIf(bool condition) => condition ? Certainty.Yes : Certainty.No;

    // A statement is an object with one property, which says what it is.
    private static JsonProperty? Property(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in element.EnumerateObject())
            {
                return property;
            }
        }

        return null;
    }
}
