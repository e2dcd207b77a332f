using System.Buffers.Binary;
using System.Net;
using WgNet.Device;
using WgNet.Tun;
using WgNet.Unit.Tun;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

/// <summary>Packets to many peers that are read at once: each goes to whose its destination is.</summary>
public sealed class DestinationTests
{
    private const int Rounds = 200;

    // What the gateway reads: learned, static, IPv4, a peer's without endpoint, nobody's; once or several times in a row, in another order each time.
    private static readonly string[] Destinations =
    [
        "2001:db8::1", "2001:db8::1:1", "2001:db8::2", "2001:db8:f1::1", "2001:db8:f2::1", "192.0.2.1", "192.0.2.2",
        WithoutEndpoint, "198.51.100.1", "2001:db8:e::1",
    ];

    // The prefix that it is in holds the learned addresses, too: they are found first.
    private const string WithoutEndpoint = "2001:db8:0:1::1";

    [Fact]
    public void Batch_OfPacketsToManyPeers_ReachesEach()
    {
        using End gateway = new(), three = new();
        using End one = Client(gateway, 1), two = Client(gateway, 2);
        PeerUpdate withoutEndpoint = new(three.PublicKey);
        withoutEndpoint.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8::/48"), Remove: false));
        gateway.Change(withoutEndpoint);

        // The first packets make the sessions and teach 2001:db8::1, ::1:1 and ::2.
        one.Tun.Send(Packet("2001:db8::1", "2001:db8::ffff"));
        two.Tun.Send(Packet("2001:db8::2", "2001:db8::ffff"));
        Assert.NotNull(gateway.Tun.Receive(Soon));
        Assert.NotNull(gateway.Tun.Receive(Soon));
        one.Tun.Send(Packet("2001:db8::1:1", "2001:db8::ffff"));
        Assert.NotNull(gateway.Tun.Receive(Soon));

        var random = new Random(1);
        Dictionary<string, int> dropped = new() { ["malformed_inside"] = 0, ["no_route"] = 0, ["no_endpoint"] = 0 };
        for (int round = 0; round < Rounds; round++)
        {
            List<Sent> packets = [.. Enumerable.Range(0, random.Next(1, 100)).Select(i => Any(random, Destinations, (round * 100) + i))];
            AssertReachOwners(packets, gateway, one, two);
            foreach (Sent packet in packets.Where(packet => packet.Owner == 0))
            {
                string reason = packet.Destination is "" ? "malformed_inside" : packet.Destination is WithoutEndpoint ? "no_endpoint" : "no_route";
                dropped[reason] += Math.Max(packet.Arrives.Count, 1);
            }
        }

        Assert.Null(one.Tun.Receive(Shortly));
        Assert.Null(two.Tun.Receive(Shortly));
        IEnumerable<(string Reason, long Count)> counted = gateway.Device.Snapshot().Drops.Concat(gateway.Peer(three).Drops).Select(drop => (drop.Reason, drop.Count));
        Assert.Equal(dropped.Select(drop => (drop.Key, (long)drop.Value)).Order(), counted.Order());
    }

    /// <summary>What goes to a peer without a session waits for one; what follows it in the batch takes its place there.</summary>
    [Fact]
    public void Batch_ToPeersOfWhichOneHasNoSession_ReachesEach()
    {
        var random = new Random(2);
        for (int round = 0; round < 5; round++)
        {
            using End gateway = new();
            using End one = Client(gateway, 1), two = Client(gateway, 2);
            one.Tun.Send(Packet("2001:db8:f1::1", "2001:db8::ffff"));
            Assert.NotNull(gateway.Tun.Receive(Soon));

            string[] destinations = ["2001:db8:f1::1", "2001:db8:f2::1", "192.0.2.1", "192.0.2.2", "2001:db8:e::1"];
            AssertReachOwners([.. Enumerable.Range(0, 64).Select(i => Any(random, destinations, i))], gateway, one, two);
        }
    }

    [Fact]
    public void Packet_AfterItsPrefixMoved_ReachesTheNewOwner()
    {
        using End gateway = new();
        using End one = Client(gateway, 1), two = Client(gateway, 2);
        foreach (string destination in (string[])["192.0.2.1", "2001:db8:f1::1"])
        {
            byte[] packet = ToDestination(destination, number: 1);
            gateway.Tun.Send(packet);
            Assert.Equal(packet, one.Tun.Receive(Soon));

            PeerUpdate moved = new(two.PublicKey);
            moved.AllowedIps.Add(new PrefixUpdate(Prefix(destination), Remove: false));
            gateway.Change(moved);
            gateway.Tun.Send(packet);
            Assert.Equal(packet, two.Tun.Receive(Soon));
        }
    }

    [Fact]
    public void Packet_ReadBeforeTheInterfaceWasDeleted_IsSent()
    {
        using End gateway = new();
        using End one = Client(gateway, 1);
        byte[] packet = ToDestination("2001:db8:f1::1", number: 1);
        gateway.Tun.Send(packet);
        Assert.Equal(packet, one.Tun.Receive(Soon));

        // This read has the packet, and the next one fails.
        gateway.Tun.Reading = _ =>
        {
            gateway.Tun.Reading = null;
            gateway.Tun.Send(packet);
            gateway.Tun.Close();
        };
        gateway.Tun.SeemReadable();
        Assert.Equal(packet, one.Tun.Receive(Soon));
    }

    private static void AssertReachOwners(List<Sent> packets, End gateway, End one, End two)
    {
        // All of them are there when the gateway begins to read.
        gateway.Tun.Reading = _ =>
        {
            gateway.Tun.Reading = null;
            packets.ForEach(packet => gateway.Tun.Send(packet.Header, packet.Packet));
        };
        gateway.Tun.SeemReadable();
        foreach (Sent packet in packets.Where(packet => packet.Owner != 0))
        {
            End owner = packet.Owner == 1 ? one : two;
            Assert.All(packet.Arrives, arriving => Assert.Equal(arriving, owner.Tun.Receive(Soon)));
        }

        Assert.True(SpinWait.SpinUntil(() => gateway.Tun.Reading is null, Soon));
    }

    // A peer that may learn in 2001:db8::/64 and has 2001:db8:f<number>::/64 and 192.0.2.<number>.
    private static End Client(End gateway, int number)
    {
        End client = new();
        client.Know(gateway, peer =>
        {
            peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false));
            peer.AllowedIps.Add(new PrefixUpdate(Prefix("0.0.0.0/0"), Remove: false));
        });
        gateway.Know(client, peer =>
        {
            peer.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8::/64"), Remove: false));
            peer.AllowedIps.Add(new PrefixUpdate(Prefix($"2001:db8:f{number}::/64"), Remove: false));
            peer.AllowedIps.Add(new PrefixUpdate(Prefix($"192.0.2.{number}/32"), Remove: false));
        });
        return client;
    }

    // One packet in sixteen is malformed, and one a super-packet.
    private static Sent Any(Random random, string[] destinations, int number)
    {
        string destination = destinations[random.Next(destinations.Length)];
        return random.Next(16) switch
        {
            0 => new Sent("", default, Packet("2001:db8::ffff", destinations[0])[..^1], []),
            1 when destination.Contains(':', StringComparison.Ordinal) => SuperPacket(destination, number),
            _ => new Sent(destination, default, ToDestination(destination, number), [ToDestination(destination, number)]),
        };
    }

    private static Sent SuperPacket(string destination, int number)
    {
        const int SegmentSize = 1000;
        var header = new VirtioNetHeader { Flags = VirtioNetHeader.NeedsChecksum, GsoType = VirtioNetHeader.GsoTcpV6, GsoSize = SegmentSize, ChecksumStart = 40, ChecksumOffset = 16 };
        byte[] packet = new PacketSpec { IPv6 = true, Sequence = (uint)number, Payload = new byte[SegmentSize + 1 + (number % (2 * SegmentSize))] }.Build();
        BinaryPrimitives.WriteUInt128BigEndian(packet.AsSpan(24), Address(destination));
        return new Sent(destination, header, packet, SegmenterTests.Segment(header, packet));
    }

    private static byte[] ToDestination(string destination, int number)
    {
        if (destination.Contains(':', StringComparison.Ordinal))
        {
            byte[] packet = Packet("2001:db8::ffff", destination);
            BinaryPrimitives.WriteInt32BigEndian(packet.AsSpan(40), number);
            return packet;
        }

        // IPv4 with a protocol for experiments (RFC 3692), which no peer cares for.
        byte[] ipv4 = new byte[24];
        ipv4[0] = 0x45;
        ipv4[3] = (byte)ipv4.Length;
        ipv4[8] = 64;
        ipv4[9] = 253;
        IPAddress.Parse("192.0.2.254").GetAddressBytes().CopyTo(ipv4, 12);
        IPAddress.Parse(destination).GetAddressBytes().CopyTo(ipv4, 16);
        BinaryPrimitives.WriteInt32BigEndian(ipv4.AsSpan(20), number);
        return ipv4;
    }

    // What the host sends, and what of it arrives if the destination is a peer's.
    private sealed record Sent(string Destination, VirtioNetHeader Header, byte[] Packet, List<byte[]> Arrives)
    {
        // 0 is nobody.
        public int Owner => Destination switch
        {
            "2001:db8::1" or "2001:db8::1:1" or "2001:db8:f1::1" or "192.0.2.1" => 1,
            "2001:db8::2" or "2001:db8:f2::1" or "192.0.2.2" => 2,
            _ => 0,
        };
    }
}
