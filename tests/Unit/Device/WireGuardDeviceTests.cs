using System.Net;
using WgNet.Device;
using WgNet.Protocol;
using WgNet.Tun;
using WgNet.Unit.Tun;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

/// <summary>Packets through two devices, and what becomes of each.</summary>
public sealed class WireGuardDeviceTests
{
    [Fact]
    public void Packet_WithoutSession_IsStagedAndDeliveredAfterTheHandshake()
    {
        using var tunnel = new TunnelPair();
        byte[] packet = Packet("2001:db8::a", "2001:db8::b");

        tunnel.Left.Tun.Send(packet);

        Assert.Equal(packet, tunnel.Right.Tun.Receive(Soon));
        Assert.NotEqual(0, tunnel.Right.Peer(tunnel.Left).LastHandshakeWallTime);
    }

    [Fact]
    public void Packets_BothWays_ArriveInOrderAndAreCounted()
    {
        using var tunnel = new TunnelPair();
        for (int i = 0; i < 100; i++)
        {
            tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b", payload: i + 1));
        }

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(41 + i, tunnel.Right.Tun.Receive(Soon)?.Length);
        }

        byte[] answer = Packet("2001:db8::b", "2001:db8::a");
        tunnel.Right.Tun.Send(answer);
        Assert.Equal(answer, tunnel.Left.Tun.Receive(Soon));
        Assert.True(tunnel.Right.Peer(tunnel.Left).ReceivedBytes > 100 * 41);
        Assert.True(tunnel.Right.Peer(tunnel.Left).SentBytes > 48);
    }

    [Fact]
    public void Mtu_ChangedWhileNothingIsSent_BoundsThePaddingOfTheNextPacket()
    {
        const int Mtu = 1285;
        using var tunnel = new TunnelPair();
        tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));
        Thread.Sleep(Shortly);
        long before = tunnel.Left.Peer(tunnel.Right).SentBytes;

        tunnel.Left.Device.LinkChanged(new LinkState(Up: true, Mtu, []));
        tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b", payload: Mtu - 40));

        Assert.Equal(Mtu, tunnel.Right.Tun.Receive(Soon)?.Length);
        Assert.True(SpinWait.SpinUntil(() => tunnel.Left.Peer(tunnel.Right).SentBytes == before + Mtu + Keypair.Overhead, Soon));
    }

    [Fact]
    public void Source_NotAllowed_IsDroppedAndCounted()
    {
        using var tunnel = new TunnelPair();

        tunnel.Left.Tun.Send(Packet("2001:db8::bad", "2001:db8::b"));

        Assert.Null(tunnel.Right.Tun.Receive(Shortly));
        Assert.Equal(1, tunnel.Right.Drops(tunnel.Left, "not_allowed"));
    }

    [Fact]
    public void Sources_OfOneBatch_AreEachJudged()
    {
        using var tunnel = new TunnelPair();
        tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));
        const int Rounds = 50;
        for (int i = 0; i < Rounds; i++)
        {
            tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b"));
            tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b"));
            tunnel.Left.Tun.Send(Packet("2001:db8::bad", "2001:db8::b"));
            tunnel.Left.Tun.Send(Packet("2001:db8::bad", "2001:db8::b"));
        }

        for (int i = 0; i < 2 * Rounds; i++)
        {
            Assert.Equal(Packet("2001:db8::a", "2001:db8::b"), tunnel.Right.Tun.Receive(Soon));
        }

        Assert.True(SpinWait.SpinUntil(() => tunnel.Right.Drops(tunnel.Left, "not_allowed") == 2 * Rounds, Soon));
        Assert.Null(tunnel.Right.Tun.Receive(Shortly));
    }

    [Fact]
    public void Destinations_OfOneBatch_EachGetItsPeer()
    {
        using var tunnel = new TunnelPair(leftSeesRight: peer => peer.ReplaceAllowedIps = true);
        using var third = new TunnelPair.End();
        tunnel.Left.Know(tunnel.Right, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8::b"), Remove: false)));
        tunnel.Left.Know(third, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8::c"), Remove: false)));
        tunnel.Left.Change(new PeerUpdate(tunnel.Right.PublicKey) { ReplaceAllowedIps = true, AllowedIps = { new PrefixUpdate(Prefix("2001:db8::b"), Remove: false) } });
        third.Know(tunnel.Left, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8::a"), Remove: false)));
        const int Rounds = 20;
        for (int i = 0; i < Rounds; i++)
        {
            foreach (string destination in new[] { "b", "b", "d", "d", "c", "d", "c", "c" })
            {
                tunnel.Left.Tun.Send(Packet("2001:db8::a", $"2001:db8::{destination}", payload: i + 1));
            }
        }

        for (int i = 0; i < Rounds; i++)
        {
            for (int j = 0; j < 2; j++)
            {
                Assert.Equal(Packet("2001:db8::a", "2001:db8::b", payload: i + 1), tunnel.Right.Tun.Receive(Soon));
            }

            for (int j = 0; j < 3; j++)
            {
                Assert.Equal(Packet("2001:db8::a", "2001:db8::c", payload: i + 1), third.Tun.Receive(Soon));
            }
        }

        Assert.Contains(("no_route", 3L * Rounds), tunnel.Left.Device.Snapshot().Drops);
    }

    [Fact]
    public void SuperPacket_OfMoreSegmentsThanABatchHolds_ArrivesWholeAndInOrder()
    {
        using var tunnel = new TunnelPair(peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));
        tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));
        byte[] payload = new byte[60_000];
        Random.Shared.NextBytes(payload);
        var header = new VirtioNetHeader { Flags = VirtioNetHeader.NeedsChecksum, GsoType = VirtioNetHeader.GsoTcpV6, GsoSize = 40, ChecksumStart = 40, ChecksumOffset = 16 };

        tunnel.Left.Tun.Send(header, new PacketSpec { IPv6 = true, Payload = payload }.Build());

        var received = new List<byte>();
        for (int i = 0; i < payload.Length / 40; i++)
        {
            received.AddRange(tunnel.Right.Tun.Receive(Soon)![60..]);
        }

        Assert.Equal(payload, received);
    }

    [Fact]
    public void Destination_WithoutPeer_GetsNoRoute()
    {
        using var tunnel = new TunnelPair();
        tunnel.Right.Device.LinkChanged(new LinkState(Up: true, Mtu: 1420, [(IPAddress.Parse("2001:db8::b"), 64)]));

        tunnel.Right.Tun.Send(Packet("2001:db8::b", "2001:db8::dead"));

        byte[]? error = tunnel.Right.Tun.Receive(Soon);
        Assert.NotNull(error);
        Assert.Equal(58, error[6]);
        Assert.Equal(1, error[40]);
        Assert.Contains(("no_route", 1), tunnel.Right.Device.Snapshot().Drops);
    }

    [Fact]
    public void Peer_Removed_NothingPassesAndItsKeysAreGone()
    {
        using var tunnel = new TunnelPair();
        tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));

        tunnel.Right.Change(new PeerUpdate(tunnel.Left.PublicKey) { Remove = true });
        tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b"));

        Assert.Null(tunnel.Right.Tun.Receive(Shortly));
        Assert.Empty(tunnel.Right.Device.Snapshot().Peers);
    }

    [Fact]
    public void OwnKey_AsPeer_IsIgnored()
    {
        using var end = new TunnelPair.End();

        end.Change(new PeerUpdate(end.PublicKey));

        Assert.Empty(end.Device.Snapshot().Peers);
    }

    [Fact]
    public void Staged_PacketTooLongForADatagram_IsDroppedAndTheDeviceGoesOn()
    {
        using var tunnel = new TunnelPair();
        tunnel.Left.Device.LinkChanged(new LinkState(Up: true, Mtu: 65535, []));
        byte[] packet = Packet("2001:db8::a", "2001:db8::b");

        tunnel.Left.Tun.Send(Packet("2001:db8::a", "2001:db8::b", payload: 65495));
        tunnel.Left.Tun.Send(packet);

        Assert.Equal(packet, tunnel.Right.Tun.Receive(Soon));
    }

    [Fact]
    public void Interface_WithoutOffload_IsWrittenNoSuperPackets()
    {
        using var tunnel = new TunnelPair(peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));
        PacketSpec tcp = new() { IPv6 = true, Payload = new byte[3000] };
        var header = new VirtioNetHeader { Flags = VirtioNetHeader.NeedsChecksum, GsoType = VirtioNetHeader.GsoTcpV6, GsoSize = 1000, ChecksumStart = 40, ChecksumOffset = 16 };

        tunnel.Left.Tun.Send(header, tcp.Build());

        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(1060, tunnel.Right.Tun.Receive(Soon)?.Length);
        }
    }
}
