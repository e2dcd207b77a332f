using System.Globalization;
using System.Net;
using System.Text;

namespace WgNet.Cli.Quick;

/// <summary>
/// What wg-quick(8) tells the firewall where a default route leads into the tunnel: who is on a link must not reach the inside
/// addresses from outside (CVE-2019-14899), and answers to the tunnel's outside packets keep their mark through reverse path
/// filtering. In nft, or in iptables where there is no nft; named as wg-quick names them, so that either takes away the other's.
/// </summary>
internal sealed class Firewall(string name, Narrator narrator)
{
    /// <summary>Puts a family's rules in place of those there may be.</summary>
    /// <param name="addresses">The interface's own, of either family.</param>
    public void Set(bool isIPv4, uint mark, IEnumerable<IPAddress> addresses)
    {
        IEnumerable<IPAddress> own = addresses.Where(address => InterfaceSteps.IsIPv4(address) == isIPv4);
        string restore = IptablesRestore(isIPv4);
        if (ExternalCommand.Find("nft") is { } nft)
        {
            Feed(nft, ["-f", "/dev/stdin"], NftRules(isIPv4, mark, own));
        }
        else if (ExternalCommand.Find(restore) is { } iptables)
        {
            RemoveFromIptables(isIPv4);
            Feed(iptables, ["-n"], IptablesRules(mark, own));
        }
        else
        {
            throw new CommandException($"a default route into the tunnel needs nft or {restore}: apt-get install nftables, or set Table = off");
        }
    }

    /// <summary>Takes a family's rules away; without any it does nothing.</summary>
    public void Remove(bool isIPv4)
    {
        if (ExternalCommand.Find("nft") is { } nft)
        {
            // `add' first, because deleting what is not there would be an error.
            string table = Table(isIPv4);
            using IDisposable step = narrator.Begin($"nft delete table {table}");
            _ = ExternalCommand.Run(nft, ["-f", "/dev/stdin"], $"add table {table}\ndelete table {table}\n");
        }

        RemoveFromIptables(isIPv4);
    }

    /// <summary>One transaction, so that no packet passes between the old rules and the new.</summary>
    internal string NftRules(bool isIPv4, uint mark, IEnumerable<IPAddress> addresses)
    {
        string table = Table(isIPv4);
        string family = isIPv4 ? "ip" : "ip6";
        StringBuilder rules = new();
        _ = rules.Append(CultureInfo.InvariantCulture, $$"""
            add table {{table}}
            delete table {{table}}
            add table {{table}}
            add chain {{table}} preraw { type filter hook prerouting priority -300; }
            add chain {{table}} premangle { type filter hook prerouting priority -150; }
            add chain {{table}} postmangle { type filter hook postrouting priority -150; }
            add rule {{table}} postmangle meta l4proto udp mark {{mark}} ct mark set mark
            add rule {{table}} premangle meta l4proto udp meta mark set ct mark

            """);
        foreach (IPAddress address in addresses)
        {
            _ = rules.Append(CultureInfo.InvariantCulture, $"add rule {table} preraw iifname != \"{name}\" {family} daddr {address} fib saddr type != local drop\n");
        }

        return rules.ToString();
    }

    internal string IptablesRules(uint mark, IEnumerable<IPAddress> addresses)
    {
        StringBuilder rules = new("*raw\n");
        foreach (IPAddress address in addresses)
        {
            _ = rules.Append(CultureInfo.InvariantCulture, $"-I PREROUTING ! -i {name} -d {address} -m addrtype ! --src-type LOCAL -j DROP {Comment}\n");
        }

        return rules.Append(CultureInfo.InvariantCulture, $"""
            COMMIT
            *mangle
            -I POSTROUTING -m mark --mark {mark} -p udp -j CONNMARK --save-mark {Comment}
            -I PREROUTING -p udp -j CONNMARK --restore-mark {Comment}
            COMMIT

            """).ToString();
    }

    /// <summary>From what iptables-save prints, what deletes this interface's rules and no others; empty if there are none.</summary>
    internal string IptablesRemoval(string saved)
    {
        StringBuilder rules = new();
        bool found = false;
        foreach (string line in saved.Split('\n'))
        {
            bool isOurs = line.StartsWith("-A ", StringComparison.Ordinal) && line.Contains(Comment, StringComparison.Ordinal);
            found |= isOurs;
            if (isOurs || line.StartsWith('*') || line == "COMMIT")
            {
                _ = rules.Append(isOurs ? "-D" + line[2..] : line).Append('\n');
            }
        }

        return found ? rules.ToString() : "";
    }

    private string Comment => $"-m comment --comment \"wg-quick(8) rule for {name}\"";

    private string Table(bool isIPv4) => $"{(isIPv4 ? "ip" : "ip6")} wg-quick-{name}";

    private static string IptablesRestore(bool isIPv4) => isIPv4 ? "iptables-restore" : "ip6tables-restore";

    private void RemoveFromIptables(bool isIPv4)
    {
        string save = isIPv4 ? "iptables-save" : "ip6tables-save";
        if (ExternalCommand.Find(save) is { } path && ExternalCommand.Find(IptablesRestore(isIPv4)) is { } restore
            && IptablesRemoval(ExternalCommand.Capture(path, [])) is { Length: > 0 } rules)
        {
            Feed(restore, ["-n"], rules);
        }
    }

    private void Feed(string path, string[] arguments, string rules)
    {
        string command = $"{Path.GetFileName(path)} {string.Join(' ', arguments)}";
        using IDisposable step = narrator.Begin(command);
        if (ExternalCommand.Run(path, arguments, rules) is int status and not 0)
        {
            throw new CommandException($"`{command}' refused the rules for the default route with status {status}");
        }
    }
}
