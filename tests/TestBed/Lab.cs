using System.Globalization;

namespace WgNet.TestBed;

/// <summary>The network of one test: hosts, the links between them, and a folder for files. Disposing removes all of it.</summary>
public sealed class Lab : IDisposable
{
    private readonly List<Host> _hosts = [];
    private readonly List<IDisposable> _others = [];
    private int _links;

    // Reading a child's output keeps a thread of the pool for as long as the child lives.
    static Lab() => ThreadPool.SetMinThreads(100, 100);

    public Lab()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new InvalidOperationException("End-to-end tests make network namespaces: run them as root.");
        }
    }

    /// <summary>For configuration files; readable by root alone, as wg-quick wants it.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("wgt-").FullName;

    public Host AddHost(string role)
    {
        var host = new Host(role);
        _hosts.Add(host);
        return host;
    }

    /// <summary>Keeps something to be disposed before the hosts are.</summary>
    public T Add<T>(T disposable)
        where T : IDisposable
    {
        _others.Add(disposable);
        return disposable;
    }

    /// <summary>A cable between two hosts: 172.16.n.1/24 and fd16:n::1/64 at the left end, .2 and ::2 at the right.</summary>
    public void Link(Host left, Host right, int mtu = 1500)
    {
        int n = ++_links;
        LinkEnd a = End(n, 1);
        LinkEnd b = End(n, 2);
        string size = mtu.ToString(CultureInfo.InvariantCulture);
        Command.Run(
            "ip", "link", "add", a.Interface, "mtu", size, "netns", left.Namespace.Name,
            "type", "veth", "peer", "name", b.Interface, "mtu", size, "netns", right.Namespace.Name);
        SetUp(left, a);
        SetUp(right, b);
    }

    public void Dispose()
    {
        foreach (IDisposable other in Enumerable.Reverse(_others))
        {
            other.Dispose();
        }

        foreach (Host host in _hosts)
        {
            host.Dispose();
        }

        Directory.Delete(Folder, recursive: true);
    }

    private static LinkEnd End(int link, int number) => new(
        string.Create(CultureInfo.InvariantCulture, $"link{link}"),
        string.Create(CultureInfo.InvariantCulture, $"172.16.{link}.{number}"),
        string.Create(CultureInfo.InvariantCulture, $"fd16:{link}::{number}"));

    private static void SetUp(Host host, LinkEnd end)
    {
        host.Run($"ip address add {end.IPv4}/24 dev {end.Interface}");
        host.Run($"ip address add {end.IPv6}/64 dev {end.Interface} nodad");
        host.Run($"ip link set {end.Interface} up");
        host.Links.Add(end);
    }
}
