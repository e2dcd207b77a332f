using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>Name servers for the time that the interface is up, through resolvconf(8).</summary>
internal sealed class Resolver(string interfaceName, QuickSettings quick, Narrator narrator)
{
    private const string InterfaceOrder = "/etc/resolvconf/interface-order";

    private bool IsNeeded => quick.DnsServers.Count > 0;

    /// <summary>Fails before anything was changed if the name servers could not be set.</summary>
    public void CheckAvailable()
    {
        if (IsNeeded && ExternalCommand.Find("resolvconf") is null)
        {
            throw new CommandException("DNS is set, but resolvconf is missing: apt-get install openresolv, or remove DNS from the file");
        }
    }

    public void Set(UndoStack undo)
    {
        if (!IsNeeded)
        {
            return;
        }

        Run(["-a", Name(), "-m", "0", "-x"], Text());
        undo.Push(Unset);
    }

    public void Unset()
    {
        if (IsNeeded)
        {
            Run(["-d", Name(), "-f"], "");
        }
    }

    /// <summary>resolv.conf's lines: name servers, then search domains.</summary>
    public string Text()
    {
        string servers = string.Concat(quick.DnsServers.Select(server => $"nameserver {server}\n"));
        return quick.DnsSearch.Count == 0 ? servers : $"{servers}search {string.Join(' ', quick.DnsSearch)}\n";
    }

    private void Run(string[] arguments, string input)
    {
        narrator.Step($"resolvconf {string.Join(' ', arguments)}");
        string resolvconf = ExternalCommand.Find("resolvconf") ?? throw new CommandException("resolvconf is missing");
        int exitCode = ExternalCommand.Run(resolvconf, arguments, input);
        if (exitCode != 0)
        {
            throw new CommandException($"resolvconf failed with status {exitCode}", exitCode);
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
