using System.Net;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Tun;
using WgNet.Udp;
using WgNet.Unit.Fakes;
using WgNet.Unit.Tun;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

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
    public void Source_InLearnablePrefix_IsLearnedAndAnsweredAtOnce()
    {
        using var tunnel = new TunnelPair(peer => peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false)));

        tunnel.Left.Tun.Send(Packet("2001:db8::1234", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));
        tunnel.Right.Tun.Send(Packet("2001:db8::b", "2001:db8::1234"));

        Assert.NotNull(tunnel.Left.Tun.Receive(Soon));
        Assert.Equal(Address("2001:db8::1234"), Assert.Single(tunnel.Right.Peer(tunnel.Left).LearnedAddresses).Address);
    }

    [Fact]
    public void Source_LearnedByAnotherPeer_IsAConflict()
    {
        using var tunnel = new TunnelPair(Learnable);
        using var third = new TunnelPair.End();
        third.Know(tunnel.Right, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));
        tunnel.Right.Know(third, Learnable);

        tunnel.Left.Tun.Send(Packet("2001:db8::1234", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));
        third.Tun.Send(Packet("2001:db8::1234", "2001:db8::b"));

        Assert.Null(tunnel.Right.Tun.Receive(Shortly));
        Assert.Equal(1, tunnel.Right.Drops(third, "conflict"));

        static void Learnable(PeerUpdate peer) => peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false));
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
    public void Learned_AddressTakenByTheInterface_IsForgotten()
    {
        using var tunnel = new TunnelPair(peer => peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false)));
        tunnel.Left.Tun.Send(Packet("2001:db8::1234", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));

        tunnel.Right.Device.LinkChanged(new LinkState(Up: true, Mtu: 1420, [(IPAddress.Parse("2001:db8::1234"), 64)]));

        Assert.Empty(tunnel.Right.Peer(tunnel.Left).LearnedAddresses);
    }

    [Fact]
    public void LearnablePrefixes_ReplacedByTheSame_KeepWhatWasLearned()
    {
        var prefix = new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false);
        using var tunnel = new TunnelPair(peer => peer.LearnableIps.Add(prefix));
        tunnel.Left.Tun.Send(Packet("2001:db8::1234", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));

        tunnel.Right.Change(new PeerUpdate(tunnel.Left.PublicKey) { ReplaceLearnableIps = true, LearnableIps = { prefix } });
        Assert.Single(tunnel.Right.Peer(tunnel.Left).LearnedAddresses);

        tunnel.Right.Change(new PeerUpdate(tunnel.Left.PublicKey) { LearnableIps = { prefix with { Remove = true } } });
        Assert.Empty(tunnel.Right.Peer(tunnel.Left).LearnedAddresses);
        Assert.Empty(tunnel.Right.Peer(tunnel.Left).LearnableIps);
    }

    [Fact]
    public void Learned_StaticPrefixesAdded_ForgetWhatTheyContradict()
    {
        using var tunnel = new TunnelPair(peer => peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false)));
        tunnel.Left.Tun.Send(Packet("2001:db8::1", "2001:db8::b"));
        tunnel.Left.Tun.Send(Packet("2001:db8::2", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));

        var update = new PeerUpdate(new PublicKey([.. Enumerable.Repeat((byte)7, PublicKey.Size)]));
        update.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8::2"), Remove: false));
        update.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8:1::/64"), Remove: false));
        tunnel.Right.Change(update);

        Assert.Equal(Address("2001:db8::1"), Assert.Single(tunnel.Right.Peer(tunnel.Left).LearnedAddresses).Address);
    }

    [Fact]
    public void Learned_TimeoutPassed_IsForgotten()
    {
        using var tunnel = new TunnelPair(peer =>
        {
            peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false));
            peer.LearnTimeoutSeconds = 1;
        });
        tunnel.Left.Tun.Send(Packet("2001:db8::1234", "2001:db8::b"));
        Assert.NotNull(tunnel.Right.Tun.Receive(Soon));

        Thread.Sleep(2100);

        Assert.Empty(tunnel.Right.Peer(tunnel.Left).LearnedAddresses);
    }

    [Fact]
    public void OwnKey_AsPeer_IsIgnored()
    {
        using var end = new TunnelPair.End();

        end.Change(new PeerUpdate(end.PublicKey));

        Assert.Empty(end.Device.Snapshot().Peers);
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

    [Fact]
    public void Timestamps_AfterRestartWithClockSetBack_DoNotDecrease()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("wgnet-test").FullName, "wg0.timestamp");
        long future = Clock.WallTime + 86_400_000_000_000;
        try
        {
            var first = new TimestampFloor(path, Log.None);
            first.Sent(future);

            Assert.True(new TimestampFloor(path, Log.None).Floor >= future);

            File.WriteAllText(path, "garbage\n");
            Assert.Equal(0, new TimestampFloor(path, Log.None).Floor);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    [Fact]
    public void Staged_BeyondCapacity_DropsTheOldest()
    {
        var staged = new StagedPackets(new StagingBudget(1 << 20));
        for (int i = 0; i < StagedPackets.Capacity; i++)
        {
            Assert.Equal(0, staged.Add([(byte)i], ecn: 0));
        }

        Assert.Equal(1, staged.Add([200], ecn: 0));

        Assert.True(staged.TryTake(out byte[] first, out _));
        Assert.Equal([1], first);
        Assert.Equal(StagedPackets.Capacity - 1, staged.Clear());
        Assert.True(staged.IsEmpty);
    }

    [Fact]
    public void Staged_BeyondTheDevicesBudget_IsRefused()
    {
        var budget = new StagingBudget(100);
        var hog = new StagedPackets(budget);
        var other = new StagedPackets(budget);

        Assert.Equal(0, hog.Add(new byte[100], ecn: 0));
        Assert.Equal(1, other.Add(new byte[1], ecn: 0));
        Assert.Equal(1, hog.Clear());
        Assert.Equal(0, other.Add(new byte[1], ecn: 0));
    }

    [Fact]
    public void Staged_OfARemovedPeer_HoldsNoneOfTheBudget()
    {
        var budget = new StagingBudget(100);
        var removed = new StagedPackets(budget);
        Assert.Equal(0, removed.Add(new byte[100], ecn: 0));
        removed.Close();

        // A worker had found the peer just before.
        Assert.Equal(1, removed.Add(new byte[100], ecn: 0));

        Assert.Equal(0, new StagedPackets(budget).Add(new byte[100], ecn: 0));
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
    public void PacketPath_SinglePackets_AllocatesNothing()
    {
        byte[] packet = Packet("2001:db8::a", "2001:db8::b", payload: 1000);

        AssertAllocatesNothing([.. new byte[VirtioNetHeader.Size], .. packet], segments: 1, warmUp: 2000, count: 20_000);
    }

    [Fact]
    public void PacketPath_MillionPacketsInSuperPackets_AllocatesNothing()
    {
        const int Segments = 64, SegmentSize = 200;
        PacketSpec spec = new() { IPv6 = true, Payload = new byte[Segments * SegmentSize] };
        byte[] superPacket = new byte[VirtioNetHeader.Size + spec.HeaderSize + spec.Payload.Length];
        new VirtioNetHeader
        {
            Flags = VirtioNetHeader.NeedsChecksum,
            GsoType = VirtioNetHeader.GsoTcpV6,
            HeaderLength = (ushort)spec.HeaderSize,
            GsoSize = SegmentSize,
            ChecksumStart = (ushort)spec.TransportOffset,
            ChecksumOffset = 16,
        }.Write(superPacket);
        spec.BuildWithoutChecksum().CopyTo(superPacket, VirtioNetHeader.Size);

        AssertAllocatesNothing(superPacket, Segments, warmUp: 1000 * Segments, count: 1_000_000);
    }

    // From one end to the other, both on their own threads; learned or allowed, by whoever sends.
    private static void AssertAllocatesNothing(byte[] headerAndPacket, int segments, int warmUp, int count)
    {
        using var receiving = new MeteredTun(headerAndPacket, segments, warmUp, count);
        using var sending = new MeteredTun(headerAndPacket, segments, warmUp, count);
        receiving.Sender = sending;
        using var left = new TunnelPair.End(sending);
        using var right = new TunnelPair.End(receiving);
        right.Know(left, peer =>
        {
            peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false));
            peer.LearnableIps.Add(new PrefixUpdate(Prefix("fd00::/64"), Remove: false));
        });
        left.Know(right, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));

        sending.Partner = receiving;
        sending.Wake();
        Assert.True(receiving.Done.Wait(TimeSpan.FromSeconds(60)));

        Assert.Equal(0, sending.ReaderAllocated);
        Assert.Equal(0, receiving.WriterAllocated);
    }
}
