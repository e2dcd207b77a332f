using WgNet.Device;
using WgNet.Linux;
using WgNet.Tun;
using WgNet.Udp;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

/// <summary>The interface goes up, down and away, and the port changes.</summary>
public sealed class DeviceLinkTests
{
    [Fact]
    public void Apply_PortInUse_ChangesNothing()
    {
        using var taken = UdpSockets.Open(0, 0);
        using var end = new TunnelPair.End();
        ushort before = end.Device.Snapshot().ListenPort;

        var refused = Assert.Throws<ConfigurationException>(() => end.Device.Apply(new DeviceUpdate { ListenPort = taken.Port, FirewallMark = 7, ReplacePeers = true }));

        Assert.Equal(Errno.EADDRINUSE, refused.Errno);
        Assert.Equal(before, end.Device.Snapshot().ListenPort);
        Assert.Equal(0u, end.Device.Snapshot().FirewallMark);
    }

    [Fact]
    public void ListenPort_ChangedWhileRunning_TrafficGoesOn()
    {
        using var tunnel = new TunnelPair();
        tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));

        tunnel.Left.Device.Apply(new DeviceUpdate { ListenPort = 0 });
        tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b"));

        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));
        Assert.Equal(tunnel.Left.Device.Snapshot().ListenPort, tunnel.Right.Peer(tunnel.Left).Endpoint!.Port);
    }

    [Fact]
    public void Link_DownAndUp_BeginsANewSession()
    {
        using var tunnel = new TunnelPair();
        tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));

        tunnel.Left.Device.LinkChanged(new LinkState(Up: false, Mtu: 1420, []));
        tunnel.Left.Device.LinkChanged(new LinkState(Up: true, Mtu: 1420, []));
        tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b"));

        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));
    }

    [Fact]
    public void Link_UpWhileThePortIsTaken_WorksOnceAnotherPortIsSet()
    {
        using var tunnel = new TunnelPair();
        using var other = new TunnelPair.End();
        tunnel.Left.Device.LinkChanged(new LinkState(Up: false, Mtu: 1420, []));
        tunnel.Left.Device.Apply(new DeviceUpdate { ListenPort = other.Device.Snapshot().ListenPort });
        tunnel.Left.Device.LinkChanged(new LinkState(Up: true, Mtu: 1420, []));

        tunnel.Left.Device.Apply(new DeviceUpdate { ListenPort = 0 });
        tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b"));

        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));
    }

    [Fact]
    public void Interface_Deleted_IsReportedOnce()
    {
        using var end = new TunnelPair.End();
        using var closed = new SemaphoreSlim(0);
        end.Device.Closed += () => closed.Release();

        end.Tun.Close();

        Assert.True(closed.Wait(Soon));
        Assert.False(closed.Wait(Shortly));
    }
}
