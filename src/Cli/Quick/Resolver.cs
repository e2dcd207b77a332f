using System.Net;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>
/// Name servers for the time that the interface is up: through resolvconf(8), as wg-quick(8), or through resolvectl(1) where only
/// systemd-resolved is there. Either is asked to send all names to them.
/// </summary>
internal sealed class Resolver(string interfaceName, Narrator narrator)
{
    private const string InterfaceOrder = "/etc/resolvconf/interface-order";

    /// <summary>Fails before anything was changed if the name servers could not be set.</summary>
    public static void CheckAvailable(ConfigurationFile configuration)
    {
        if (IsNeeded(configuration.Quick) && Resolvconf is null && Resolvectl is null)
        {
            throw configuration.Refuse(
                "DNS", ConfigurationText(configuration.Quick), "neither resolvconf nor resolvectl is there to set it",
                "one of them: apt-get install openresolv, or systemd-resolved; or no DNS");
        }
    }

    /// <summary>As wg-quick(8): search domains alone change nothing.</summary>
    public static bool IsNeeded(QuickSettings quick) => quick.DnsServers.Count > 0;

    /// <summary>What stands after <c>DNS = </c>.</summary>
    public static string ConfigurationText(QuickSettings quick) =>
        IsNeeded(quick) ? string.Join(", ", [.. quick.DnsServers.Select(server => server.ToString()), .. quick.DnsSearch]) : "";

    /// <summary>resolv.conf's lines: name servers, then search domains.</summary>
    public static string Text(QuickSettings quick)
    {
        string servers = string.Concat(quick.DnsServers.Select(server => $"nameserver {server}\n"));
        return quick.DnsSearch.Count == 0 ? servers : $"{servers}search {string.Join(' ', quick.DnsSearch)}\n";
    }

    public void Set(QuickSettings quick)
    {
        if (Resolvconf is { } resolvconf)
        {
            Run(resolvconf, ["-a", Name(), "-m", "0", "-x"], Text(quick));
        }
        else if (Resolvectl is { } resolvectl)
        {
            Run(resolvectl, ["dns", interfaceName, .. quick.DnsServers.Select(server => server.ToString())]);
            Run(resolvectl, ["domain", interfaceName, "~.", .. quick.DnsSearch]);
        }
        else
        {
            throw new CommandException("neither resolvconf nor resolvectl is there any more");
        }
    }

    /// <summary>Takes back what <see cref="Set"/> did, while the interface is still there.</summary>
    public void Unset()
    {
        if (Resolvconf is { } resolvconf)
        {
            Run(resolvconf, ["-d", Name(), "-f"]);
        }
        else if (Resolvectl is { } resolvectl)
        {
            Run(resolvectl, ["revert", interfaceName]);
        }
    }

    /// <summary>The same when the interface has gone: systemd-resolved forgets it by itself, resolvconf does not.</summary>
    public void UnsetAfterEnd()
    {
        if (Resolvconf is not null)
        {
            Unset();
        }
    }

    /// <summary>The servers and search domains that resolvconf has for the interface now; none if it does not say.</summary>
    public QuickSettings Current()
    {
        QuickSettings current = new();
        string text = Resolvconf is { } resolvconf ? ExternalCommand.Capture(resolvconf, ["-l", Name()]) : "";
        foreach (string[] words in text.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (words is ["nameserver", { } server] && IPAddress.TryParse(server, out IPAddress? address))
            {
                current.DnsServers.Add(address);
            }
            else if (words is ["search", .. { } domains])
            {
                current.DnsSearch.AddRange(domains.Where(domain => Uri.CheckHostName(domain) == UriHostNameType.Dns));
            }
        }

        return current;
    }

    private static string? Resolvconf => ExternalCommand.Find("resolvconf");

    private static string? Resolvectl => ExternalCommand.Find("resolvectl");

    private void Run(string program, string[] arguments, string input = "")
    {
        string command = $"{Path.GetFileName(program)} {string.Join(' ', arguments)}";
        int exitCode;
        using (narrator.Begin(command))
        {
            exitCode = ExternalCommand.Run(program, arguments, input);
        }

        if (exitCode != 0)
        {
            throw new CommandException($"`{command}' failed with status {exitCode}", exitCode);
        }
    }

    // Debian's resolvconf sorts by name: a tunnel passes as one of the names that come first, as wg-quick(8) does it.
    private string Name()
    {
        string? first = File.Exists(InterfaceOrder)
            ? File.ReadLines(InterfaceOrder).FirstOrDefault(line => line.Length > 1 && line[^1] == '*' && line[..^1].All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            : null;
        return first is null ? interfaceName : $"{first[..^1]}.{interfaceName}";
    }
}
