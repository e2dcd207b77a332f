using System.Net;
using System.Net.Sockets;
using WgNet.Linux;
using WgNet.Udp;
using WgNet.Unit.Linux;
using Xunit;

namespace WgNet.Unit.Udp;

public sealed class UdpSocketsTests
{
    [Fact]
    public void Open_AnyPort_IsTheSameForBothFamilies()
    {
        using UdpSockets sockets = UdpSockets.Open(0, mark: 0);
        Assert.True(sockets.HasIPv4 && sockets.HasIPv6);
        using var ipv4 = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        using var ipv6 = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp) { DualMode = false };
        Assert.Throws<SocketException>(() => ipv4.Bind(new IPEndPoint(IPAddress.Any, sockets.Port)));
        Assert.Throws<SocketException>(() => ipv6.Bind(new IPEndPoint(IPAddress.IPv6Any, sockets.Port)));
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void Open_PortTakenInEitherFamily_ThrowsAddressInUseAndKeepsNothing(AddressFamily family) => PrivateNetwork.Run(() =>
    {
        using (var taken = new Socket(family, SocketType.Dgram, ProtocolType.Udp))
        {
            if (family == AddressFamily.InterNetworkV6)
            {
                taken.DualMode = false;
            }

            taken.Bind(new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 51820));
            LinuxException e = Assert.Throws<LinuxException>(() => UdpSockets.Open(51820, mark: 0));
            Assert.Equal(Errno.EADDRINUSE, e.Errno);
            Assert.Contains("51820", e.Message, StringComparison.Ordinal);
        }

        using UdpSockets now = UdpSockets.Open(51820, mark: 0);
        Assert.Equal(51820, now.Port);
    });

    [Fact]
    public void Open_AnyPortWithManyTakenInOneFamily_FindsOneFreeInBoth() => PrivateNetwork.Run(() =>
    {
        PortRange("40000 40009");
        var taken = new List<Socket>();
        try
        {
            // Every second port is taken in IPv6, which the kernel does not know when it chooses for IPv4.
            for (int port = 40000; port < 40010; port += 2)
            {
                var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp) { DualMode = false };
                taken.Add(socket);
                socket.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            }

            using UdpSockets sockets = UdpSockets.Open(0, mark: 0);
            Assert.Equal(1, sockets.Port % 2);
        }
        finally
        {
            taken.ForEach(socket => socket.Dispose());
        }
    });

    [Theory]
    [InlineData(7u)]
    [InlineData(0xffffffffu)]
    public void SetMark_ChangedWhileOpen_RoutesWhatIsSent(uint mark) => PrivateNetwork.Run(() =>
    {
        using var netlink = new RouteNetlink();
        int link = PrivateNetwork.AddLink("wg0");
        netlink.SetLinkUp(link);
        IPAddress far = IPAddress.Parse("203.0.113.1");
        netlink.AddRoute(far, 32, link, table: 100);
        netlink.AddRule(new PolicyRule(IsIPv4: true, Table: 100, Mark: mark));
        using UdpSockets sockets = UdpSockets.Open(0, mark);
        var to = new Endpoint(far, 9);
        Assert.Equal(0, sockets.Send(to, [1], ecn: 0));
        sockets.SetMark(0);
        Assert.Equal(Errno.ENETUNREACH, sockets.Send(to, [1], ecn: 0));
        sockets.SetMark(mark);
        Assert.Equal(0, sockets.Send(to, [1], ecn: 0));
    });

    // Below rmem_max and wmem_max as distributions set them, so that everyone is granted it.
    [Fact]
    public void BufferSizes_AfterOpen_AreThoseGranted()
    {
        using UdpSockets sockets = UdpSockets.Open(0, mark: 0, new UdpOptions { BufferSize = 123_456 });
        Assert.Equal((123_456, 123_456), (sockets.ReceiveBufferSize, sockets.SendBufferSize));
    }

    [Fact]
    public void Dispose_Twice_IsHarmless()
    {
        UdpSockets sockets = UdpSockets.Open(0, mark: 0);
        sockets.Dispose();
        sockets.Dispose();
    }

    // What lies under /proc/sys/net is that of the calling thread.
    private static void PortRange(string range) => File.WriteAllText("/proc/sys/net/ipv4/ip_local_port_range", range);
}
