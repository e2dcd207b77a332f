using System.Net;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Tun;
using WgNet.Udp;
using WgNet.Unit.Fakes;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

/// <summary>What happens while staged packets leave, and while keys end.</summary>
public sealed class StagedOrderTests
{
    /// <summary>The thread that sends what was staged is held at its first packet while the host sends one more: an outbound worker's.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void Packet_WhileStagedOnesLeave_OvertakesNone(int staged)
    {
        var allStaged = new ManualResetEventSlim();
        Action afterHandshake = () => { };
        using var left = new End(openSockets: (port, mark) => new HeldSockets(UdpSockets.Open(port, mark), datagram =>
        {
            if (MessageType.IsHandshake(datagram))
            {
                allStaged.Wait();
            }
            else
            {
                Interlocked.Exchange(ref afterHandshake, () => { })();
            }
        }));
        using var right = new End();
        left.Know(right, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));
        right.Know(left, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));

        // What comes late is read, and either waits behind the others or is already gone, when the first goes on.
        afterHandshake = () =>
        {
            left.Tun.Send(Numbered(staged));
            Thread.Sleep(Shortly);
        };
        for (int i = 0; i < staged; i++)
        {
            left.Tun.Send(Numbered(i));
        }

        Thread.Sleep(Shortly);
        allStaged.Set();

        for (int i = 0; i <= staged; i++)
        {
            Assert.Equal(Numbered(i), right.Tun.Receive(Soon));
        }
    }

    [Fact]
    public void Staged_RefusedByTheKernelAfterTheHandshake_AreCounted()
    {
        HeldSockets? sockets = null;
        using var left = new End(openSockets: (port, mark) =>
            sockets = new HeldSockets(UdpSockets.Open(port, mark), datagram => sockets!.Refusal = MessageType.IsHandshake(datagram) ? 0 : Errno.EPERM));
        using var right = new End();
        left.Know(right, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));
        right.Know(left, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));
        left.Tun.Send(Numbered(1));
        Assert.True(SpinWait.SpinUntil(() => left.Drops(right, "udp_refused") > 0, Soon));
        Assert.Equal(1, left.Drops(right, "udp_refused"));
        Assert.Null(right.Tun.Receive(Shortly));
    }

    [Fact]
    public void Staged_WhenTheInterfaceGoesDown_AreCounted()
    {
        using var left = new End(openSockets: (port, mark) => new HeldSockets(UdpSockets.Open(port, mark), _ => { }) { Refusal = Errno.EPERM });
        using var right = new End();
        left.Know(right, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));
        for (int i = 0; i < 3; i++)
        {
            left.Tun.Send(Numbered(i));
        }

        Assert.True(SpinWait.SpinUntil(() => left.Device.Measure().Peers[0].StagedPackets == 3, Soon));
        left.Device.LinkChanged(new LinkState(Up: false, Mtu: 1420, []));
        Assert.Equal(3, left.Drops(right, "staged_overflow"));
    }

    [Fact]
    public void Keys_WipedBetweenReadingAndSealing_AreCounted()
    {
        using var tunnel = new TunnelPair(peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));

        // The interface goes down on the thread that reads it: an outbound worker's, for whom nobody waits then.
        tunnel.Left.Tun.HasDescriptor = false;
        using var other = new End();
        var withoutEndpoint = new PeerUpdate(other.PublicKey);
        withoutEndpoint.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8:2::/64"), Remove: false));
        tunnel.Left.Change(withoutEndpoint);
        tunnel.Left.Device.LinkChanged(new LinkState(Up: true, Mtu: 1420, [(IPAddress.Parse("2001:db8::a"), 64)]));
        byte[] packet = Packet("2001:db8::a", "2001:db8::b");
        tunnel.Left.Tun.Send(packet);
        Assert.Equal(packet, tunnel.Right.Tun.Receive(Soon));

        // Another peer's packet follows, to which the answer is an error: by then the first one's counters are reserved, and it is not sealed yet.
        tunnel.Left.Tun.WritingOwn = () => tunnel.Left.Device.LinkChanged(new LinkState(Up: false, Mtu: 1420, []));
        tunnel.Left.Tun.Reading = _ =>
        {
            tunnel.Left.Tun.Reading = null;
            tunnel.Left.Tun.Send(packet);
            tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8:2::1"));
        };
        tunnel.Left.Tun.SeemReadable();

        Assert.True(SpinWait.SpinUntil(() => tunnel.Left.Drops(tunnel.Right, "keys_wiped") == 1, Soon));
        Assert.Null(tunnel.Right.Tun.Receive(Shortly));
    }

    private static byte[] Numbered(int number) => Packet("2001:db8::a", "2001:db8::b", payload: 8 + number);
}
