using System.Buffers.Binary;
using System.Net;
using WgNet.Device;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

/// <summary>Packets to many peers that are read at once: each goes to whose its destination is.</summary>
public sealed class DestinationTests
{
    private const int Rounds = 200;

    // What the gateway reads: learned, static, IPv4, nobody's, once or several times in a row, in another order each time.
    private static readonly string[] Destinations =
    [
        "2001:db8::1", "2001:db8::1:1", "2001:db8::2", "2001:db8:f1::1", "2001:db8:f2::1", "192.0.2.1", "192.0.2.2", "198.51.100.1", "2001:db8:e::1",
    ];

    [Fact]
    public void Batch_OfPacketsToManyPeers_ReachesEach()
    {
        using var gateway = new End();
        using End one = Client(gateway, 1), two = Client(gateway, 2);
        Dictionary<string, End?> owners = Destinations.ToDictionary(destination => destination, destination => Owner(destination, one, two));

        // The first packets make the sessions and teach 2001:db8::1, ::1:1 and ::2.
        Assert.NotNull(gateway.Tun.Receive(Soon));
        Assert.NotNull(gateway.Tun.Receive(Soon));
        one.Tun.Send(Packet("2001:db8::1:1", "2001:db8::ffff"));
        Assert.NotNull(gateway.Tun.Receive(Soon));

        var random = new Random(1);
        Dictionary<End, List<byte[]>> expected = new() { [one] = [], [two] = [] };
        for (int round = 0; round < Rounds; round++)
        {
            byte[][] packets = [.. Enumerable.Range(0, random.Next(1, 100)).Select(i => ToDestination(Destinations[random.Next(Destinations.Length)], (round * 100) + i))];

            // All of them are there when the gateway begins to read.
            gateway.Tun.Reading = _ =>
            {
                gateway.Tun.Reading = null;
                Array.ForEach(packets, packet => gateway.Tun.Send(packet));
            };
            gateway.Tun.Wake();
            foreach (byte[] packet in packets)
            {
                if (owners[DestinationOf(packet)] is { } owner)
                {
                    expected[owner].Add(packet);
                }
            }

            foreach ((End owner, List<byte[]> packetsOfOwner) in expected)
            {
                Assert.All(packetsOfOwner, packet => Assert.Equal(packet, owner.Tun.Receive(Soon)));
                packetsOfOwner.Clear();
            }
        }

        Assert.Null(one.Tun.Receive(Shortly));
        Assert.Null(two.Tun.Receive(Shortly));
    }

    private static End? Owner(string destination, End one, End two) => destination switch
    {
        "2001:db8::1" or "2001:db8::1:1" or "2001:db8:f1::1" or "192.0.2.1" => one,
        "2001:db8::2" or "2001:db8:f2::1" or "192.0.2.2" => two,
        _ => null,
    };

    // A peer that may learn in 2001:db8::/64 and has 2001:db8:f<number>::/64 and 192.0.2.<number>; it has sent from 2001:db8::<number>.
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
        client.Tun.Send(Packet($"2001:db8::{number}", "2001:db8::ffff"));
        return client;
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

    private static string DestinationOf(byte[] packet) =>
        (packet[0] >> 4 == 4 ? new IPAddress(packet.AsSpan(16, 4)) : new IPAddress(packet.AsSpan(24, 16))).ToString();
}
