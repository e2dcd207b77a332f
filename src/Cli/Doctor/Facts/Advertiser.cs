using WgNet.Linux;
using WgNet.Routing;

namespace WgNet.Cli.Doctor;

/// <summary>A program that sends router advertisements, as its configuration says.</summary>
/// <param name="Process">Null if it does not run.</param>
/// <param name="Path">Of its configuration.</param>
/// <param name="Prefixes">Those it advertises on the interface.</param>
/// <param name="AdvertisesOwn">Whether it takes the prefixes from the interface's addresses.</param>
internal sealed record Advertiser(string Program, RunningProcess? Process, string Path, IReadOnlyList<IpPrefix> Prefixes, bool AdvertisesOwn);

/// <summary>
/// Reads, as far as it matters here, the configurations of the programs that are used for this. All are hostile: a text that makes no
/// sense names no prefixes.
/// </summary>
internal static class AdvertiserSyntax
{
    /// <summary>radvd.conf(5): <c>interface wg0 { AdvSendAdvert on; prefix 2001:db8::/64 { }; };</c>.</summary>
    public static (IReadOnlyList<IpPrefix> Prefixes, bool Own) Radvd(string text, string interfaceName)
    {
        List<IpPrefix> prefixes = [];
        bool own = false, isOn = false;
        string[] tokens = Tokens(text);
        foreach ((int begin, int end) in Blocks(tokens, "interface", name => name == interfaceName))
        {
            for (int i = begin; i < end; i++)
            {
                isOn |= tokens[i] == "AdvSendAdvert" && tokens[i + 1] == "on";
                if (tokens[i] == "prefix" && IpPrefix.TryParse(tokens[i + 1], out IpPrefix prefix))
                {
                    // ::/64 stands for the prefixes of the interface's addresses.
                    own |= prefix.Address == 0;
                    prefixes.Add(prefix);
                }
            }
        }

        return isOn ? (prefixes, own) : ([], false);
    }

    /// <summary>BIRD's radv protocol: <c>protocol radv { interface "wg*" { prefix 2001:db8::/64 { }; }; }</c>.</summary>
    public static (IReadOnlyList<IpPrefix> Prefixes, bool Own) Bird(string text, string interfaceName)
    {
        List<IpPrefix> prefixes = [];
        bool own = false;
        string[] tokens = Tokens(text);
        foreach ((int begin, int end) in Blocks(tokens, "radv", _ => true))
        {
            int at = Array.FindIndex(tokens, begin, end - begin, token => token == "interface");
            // Without an interface, or without prefixes, it is all that there are.
            own |= at < 0 || tokens[at..end].TakeWhile(token => token is not ("{" or ";")).Any(token => IsPattern(token, interfaceName));
            for (int i = begin; own && i < end; i++)
            {
                if (tokens[i] == "prefix" && IpPrefix.TryParse(tokens[i + 1], out IpPrefix prefix))
                {
                    prefixes.Add(prefix);
                }
            }
        }

        return (prefixes, own);
    }

    /// <summary>dnsmasq(8): <c>enable-ra</c>, and <c>dhcp-range=2001:db8::,ra-only</c> or <c>dhcp-range=::,constructor:wg0,ra-only</c>.</summary>
    public static (IReadOnlyList<IpPrefix> Prefixes, bool Own) Dnsmasq(string text, string interfaceName)
    {
        List<IpPrefix> prefixes = [];
        bool own = false;
        string[] lines = [.. text.Split('\n').Select(line => line.Split('#')[0].Replace(" ", "", StringComparison.Ordinal).Trim())];
        bool isOn = lines.Contains("enable-ra", StringComparer.Ordinal);
        foreach (string line in lines.Where(line => line.StartsWith("dhcp-range=", StringComparison.Ordinal)))
        {
            string[] items = line["dhcp-range=".Length..].Split(',');
            if (!isOn && !items.Any(item => item.StartsWith("ra-", StringComparison.Ordinal) || item == "slaac"))
            {
                continue;
            }

            own |= items.Any(item => item.StartsWith("constructor:", StringComparison.Ordinal) && IsPattern(item["constructor:".Length..], interfaceName));
            if (items.Select(item => IpPrefix.TryParse(item, out IpPrefix prefix) ? prefix : default).FirstOrDefault(prefix => prefix is { IsIPv4: false, Length: 128 }) is { Length: 128 } first)
            {
                prefixes.Add(new IpPrefix(first.Address, 64, isIPv4: false));
            }
        }

        return (prefixes, own);
    }

    /// <summary>systemd.network(5): a file that matches the interface by name and has <c>IPv6SendRA=yes</c>.</summary>
    public static (IReadOnlyList<IpPrefix> Prefixes, bool Own) Networkd(string text, string interfaceName)
    {
        string[] lines = [.. text.Split('\n').Select(line => line.Trim())];
        bool names = lines.Any(line => line.StartsWith("Name=", StringComparison.Ordinal) && line["Name=".Length..].Split(' ').Any(name => IsPattern(name, interfaceName)));
        bool sends = lines.Any(line => line is "IPv6SendRA=yes" or "IPv6SendRA=true" or "IPv6SendRA=on" or "IPv6SendRA=1");
        IEnumerable<IpPrefix> prefixes = lines.Where(line => line.StartsWith("Prefix=", StringComparison.Ordinal))
            .Select(line => IpPrefix.TryParse(line.AsSpan("Prefix=".Length), out IpPrefix prefix) ? prefix : default)
            .Where(prefix => prefix is { IsIPv4: false, Length: > 0 });
        return names && sends ? ([.. prefixes], true) : ([], false);
    }

    // Words, and braces and semicolons as words of their own; comments begin with # or //. Never empty, and always one more than the last.
    private static string[] Tokens(string text)
    {
        IEnumerable<string> lines = text.Split('\n').Select(line => line.Split('#')[0].Split("//")[0]);
        string spaced = string.Join(' ', lines)
            .Replace("{", " { ", StringComparison.Ordinal).Replace("}", " } ", StringComparison.Ordinal)
            .Replace(";", " ; ", StringComparison.Ordinal).Replace(",", " , ", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal);
        return [.. spaced.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries), "", ""];
    }

    // What is between the braces that follow a word, if one of the words before them is meant.
    private static IEnumerable<(int Begin, int End)> Blocks(string[] tokens, string keyword, Func<string, bool> isMeant)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            int open = tokens[i] == keyword ? Array.IndexOf(tokens, "{", i) : -1;
            if (open < 0 || (open > i + 1 && !tokens[(i + 1)..open].Any(isMeant)))
            {
                continue;
            }

            int depth = 1, end = open + 1;
            for (; end < tokens.Length - 1 && depth > 0; end++)
            {
                depth += tokens[end] == "{" ? 1 : tokens[end] == "}" ? -1 : 0;
            }

            yield return (open + 1, end);
        }
    }

    private static bool IsPattern(string pattern, string name) =>
        pattern.EndsWith('*') ? name.StartsWith(pattern[..^1], StringComparison.Ordinal) : pattern == name;
}
