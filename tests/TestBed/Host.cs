using System.Globalization;

namespace WgNet.TestBed;

/// <summary>A machine of a test's network: a namespace, its addresses, and the processes that run in it.</summary>
public sealed class Host(string role) : IDisposable
{
    // What WgNet keeps of an interface when its process has ended.
    private static readonly string[] KeptFolders = ["/var/lib/wgnet", "/run/wgnet"];

    private static int _interfaces;

    private readonly List<Daemon> _daemons = [];
    private readonly List<string> _names = [];

    public NetworkNamespace Namespace { get; } = new(role);

    /// <summary>Interfaces that link it to other hosts, in the order in which the links were made.</summary>
    public List<LinkEnd> Links { get; } = [];

    /// <summary>Its address on its first link.</summary>
    public string Address(Outside outside) => Links[0].Address(outside);

    /// <summary>For a WireGuard interface. Unique on the machine: control sockets of all namespaces share one folder.</summary>
    public string NewInterfaceName()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"wt{Environment.ProcessId:x}{Interlocked.Increment(ref _interfaces):x3}");
        _names.Add(name);
        return name;
    }

    /// <summary>Standard output of a command that must succeed inside this host; the words are separated by blanks.</summary>
    public string Run(string command) => Run(command.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    public string Run(params string[] command)
    {
        CommandResult result = TryRun(command);
        return result.Succeeded ? result.Output : throw new InvalidOperationException(result.ToString());
    }

    public CommandResult TryRun(string command) => TryRun(command.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    public CommandResult TryRun(string[] command, string? input = null, TimeSpan? timeout = null) =>
        Command.TryRun([.. Inside, .. command], input, timeout);

    /// <summary>Who runs inside this host, whoever started it.</summary>
    public IReadOnlyList<string> ProcessIds =>
        Command.Run("ip", "netns", "pids", Namespace.Name).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Starts a process that the host ends with itself.</summary>
    public Daemon Start(params string[] command)
    {
        var daemon = new Daemon([.. Inside, .. command]);
        _daemons.Add(daemon);
        return daemon;
    }

    public void Sysctl(string name, int value) =>
        Run("sysctl", "-qw", string.Create(CultureInfo.InvariantCulture, $"{name}={value}"));

    /// <summary>Makes it a router for both families.</summary>
    public void EnableForwarding()
    {
        Sysctl("net.ipv4.ip_forward", 1);
        Sysctl("net.ipv6.conf.all.forwarding", 1);
    }

    public void Dispose()
    {
        foreach (Daemon daemon in Enumerable.Reverse(_daemons))
        {
            daemon.Dispose();
        }

        Namespace.Dispose();

        // These names never come again.
        foreach (string folder in KeptFolders.Where(Directory.Exists))
        {
            _names.ForEach(name => Array.ForEach(Directory.GetFiles(folder, name + ".*"), File.Delete));
        }
    }

    private string[] Inside => ["ip", "netns", "exec", Namespace.Name];
}
