using System.Net;
using WgNet.Linux;
using WgNet.Udp;
using WgNet.Unit.Linux;
using Xunit;

namespace WgNet.Unit.Udp;

public sealed class RouteMonitorTests
{
    private const int Patience = 10_000;

    //  wg0 192.0.2.2/24, 2001:db8::2/64      wg1 198.51.100.2/24, 2001:db8:1::2/64
    [Theory]
    [InlineData("203.0.113.9", "192.0.2.2", "0.0.0.0")]
    [InlineData("2001:db8:9::9", "2001:db8::2", "::")]
    public void Changed_RouteMovesToOtherInterface_SourceIsNoLongerUsed(string destination, string source, string any) => PrivateNetwork.Run(() =>
    {
        using var netlink = new RouteNetlink();
        int first = AddLink(netlink, "wg0", "192.0.2.2", "2001:db8::2");
        int second = AddLink(netlink, "wg1", "198.51.100.2", "2001:db8:1::2");
        netlink.AddRoute(IPAddress.Parse(any), 0, first);
        var endpoint = new Endpoint(IPAddress.Parse(destination), 51820, IPAddress.Parse(source), first);

        using var monitor = new RouteMonitor();
        using var looked = new AutoResetEvent(false);
        bool used = false;
        monitor.Changed += () =>
        {
            used = monitor.StillUsesSource(endpoint, mark: 0);
            looked.Set();
        };
        monitor.Start();

        netlink.AddRoute(IPAddress.Parse(any), 0, second, table: 77);
        Assert.True(looked.WaitOne(Patience));
        Assert.True(used);
        netlink.AddRule(new PolicyRule(endpoint.IsIPv4, Table: 77));
        Assert.True(looked.WaitOne(Patience));
        Assert.False(used);
    });

    [Fact]
    public void Changed_LinkGoesDown_SourceIsNoLongerUsed() => PrivateNetwork.Run(() =>
    {
        using var netlink = new RouteNetlink();
        int link = AddLink(netlink, "wg0", "192.0.2.2", "2001:db8::2");
        var endpoint = new Endpoint(IPAddress.Parse("192.0.2.9"), 51820, IPAddress.Parse("192.0.2.2"), link);
        using var monitor = new RouteMonitor();
        using var looked = new AutoResetEvent(false);
        bool used = monitor.StillUsesSource(endpoint, mark: 0);
        Assert.True(used);
        monitor.Changed += () =>
        {
            used = monitor.StillUsesSource(endpoint, mark: 0);
            looked.Set();
        };
        monitor.Start();
        netlink.SetLinkDown(link);
        Assert.True(looked.WaitOne(Patience));
        Assert.False(used);
    });

    [Fact]
    public void Changed_ManyChangesAtOnce_AreFewEvents() => PrivateNetwork.Run(() =>
    {
        using var netlink = new RouteNetlink();
        int link = AddLink(netlink, "wg0", "192.0.2.2", "2001:db8::2");
        using var monitor = new RouteMonitor();
        using var last = new ManualResetEventSlim();
        int events = 0;
        int routes = 0;
        monitor.Changed += () =>
        {
            events++;
            if (Volatile.Read(ref routes) == 500)
            {
                last.Set();
            }
        };
        monitor.Start();
        for (int i = 0; i < 500; i++)
        {
            netlink.AddRoute(new IPAddress([10, (byte)(i >> 8), (byte)i, 0]), 24, link);
            Volatile.Write(ref routes, i + 1);
        }

        netlink.SetMtu(link, 1300);
        Assert.True(last.Wait(Patience));
        monitor.Dispose();
        Assert.InRange(events, 1, 50);
    });

    [Fact]
    public void Dispose_WithAndWithoutStart_Ends()
    {
        new RouteMonitor().Dispose();
        var started = new RouteMonitor();
        started.Start();
        started.Dispose();
        started.Dispose();
    }

    private static int AddLink(RouteNetlink netlink, string name, string ipv4, string ipv6)
    {
        int index = PrivateNetwork.AddLink(name);
        netlink.SetLinkUp(index);
        netlink.AddAddress(index, IPAddress.Parse(ipv4), 24);
        netlink.AddAddress(index, IPAddress.Parse(ipv6), 64);
        return index;
    }
}
