using System.Net;
using System.Net.Sockets;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd.Kernel;

/// <summary>
/// Either end is flooded with handshakes. It refuses the other one's first initiation with a cookie; the next one carries the cookie
/// and passes.
/// </summary>
[Collection(nameof(KernelGuest))]
public sealed class KernelCookieTests(KernelGuest guest)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    [Fact]
    public void Handshake_WithFloodedKernel_PassesByItsCookie()
    {
        using var pair = new KernelPair(guest);
        using Socket trap = HandshakeFlood.NewSocket(guest.Host, IPAddress.Parse(guest.Host.Address(Outside.IPv4)));
        pair.Local.Set($"peer {pair.Remote.Keys.Public} endpoint {trap.LocalEndPoint}");
        guest.Host.Start("ping", "-c", "1", "-w", "1", TunnelPair.RightIPv4);
        byte[] initiation = HandshakeFlood.Capture(trap);

        var kernel = new IPEndPoint(IPAddress.Parse(KernelGuest.Address(Outside.IPv4)), Tunnel.Port);
        using var flood = new HandshakeFlood(guest.Host, initiation, kernel);
        Wait.Until(() => flood.Cookies > 0, Timeout, "the kernel sent no cookie reply");
        pair.TellLocal(Outside.IPv4);
        Assert.False(Ping.Once(guest.Host, TunnelPair.RightIPv4, 2).Succeeded, "the kernel was not under load");
        Wait.Until(() => Ping.Once(guest.Host, TunnelPair.RightIPv4, 2).Succeeded, Timeout, "no handshake with a cookie");
    }

    [Fact]
    public void Handshake_WithFloodedWgNet_PassesByItsCookie()
    {
        using var pair = new KernelPair(guest);
        using Socket trap = HandshakeFlood.NewSocket(guest.Host, IPAddress.Parse(guest.Host.Address(Outside.IPv4)));
        pair.Remote.Set($"peer {pair.Local.Keys.Public} endpoint {trap.LocalEndPoint}");
        guest.TryPing(TunnelPair.LeftIPv4, 1);
        byte[] initiation = HandshakeFlood.Capture(trap);

        var wgnet = new IPEndPoint(IPAddress.Parse(guest.Host.Address(Outside.IPv4)), Tunnel.Port);
        using var flood = new HandshakeFlood(guest.Host, initiation, wgnet);
        Wait.Until(() => flood.Cookies > 0, Timeout, "WgNet sent no cookie reply");
        pair.TellRemote(Outside.IPv4);
        Assert.False(guest.TryPing(TunnelPair.LeftIPv4, 2).Succeeded, "WgNet was not under load");
        Wait.Until(() => guest.TryPing(TunnelPair.LeftIPv4, 2).Succeeded, Timeout, "no handshake with a cookie");
    }
}
