using System.Buffers.Binary;
using WgNet.Linux;
using WgNet.Tun;
using WgNet.Unit.Fakes;
using Xunit;

namespace WgNet.Unit.Tun;

/// <summary>
/// Whatever arrives, coalesced and cut apart again, is what arrived: byte for byte, in the order of each flow. Each sequence is made from
/// a number of its own, which is shown if it fails.
/// </summary>
public sealed class CoalescingPropertyTests
{
    private const int Sequences = 100_000;
    private const byte Ack = 0x10;

    private static readonly byte[] Icmp = [0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 9, 8, 0, 0xf7, 0xff, 0, 0, 0, 0];

    [Fact]
    public void Flush_AnySequence_SegmentsBackInTheOrderOfEachFlow()
    {
        using var tun = new MemoryTun(hasOffload: true);
        using var buffer = new NativeBuffer(1 << 16);
        int packets = 0, writes = 0;
        for (int seed = 0; seed < Sequences; seed++)
        {
            var random = new Random(seed);

            // Identifications of atomic packets may be changed, so only some sequences have any that do not count.
            bool anyIdentification = random.Next(4) == 0;
            byte[][] sequence = MakeSequence(random, anyIdentification);
            List<byte[]> written = Coalescing.Coalesce(tun, buffer, sequence);
            byte[][] received = Coalescing.Uncoalesce(written);
            packets += sequence.Length;
            writes += written.Count;

            if (anyIdentification)
            {
                Array.ForEach(sequence, ClearIdentification);
                Array.ForEach(received, ClearIdentification);
            }

            byte[][] expected = Coalescing.ByFlow(sequence), actual = Coalescing.ByFlow(received);
            Assert.True(
                expected.Length == actual.Length && expected.Zip(actual).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)),
                $"sequence {seed}");
        }

        // That much was merged, and much was not.
        Assert.InRange(writes, packets / 10, packets * 3 / 4);
    }

    private static byte[][] MakeSequence(Random random, bool anyIdentification)
    {
        var flows = new PacketSpec[random.Next(1, random.Next(8) == 0 ? 12 : 4)];
        for (int i = 0; i < flows.Length; i++)
        {
            flows[i] = MakeFlow(random, i);
        }

        byte[][] packets = new byte[random.Next(1, 16)][];
        int flow = 0;
        for (int i = 0; i < packets.Length; i++)
        {
            flow = random.Next(4) == 0 ? random.Next(flows.Length) : flow;
            PacketSpec spec = flows[flow];
            if (random.Next(25) == 0)
            {
                packets[i] = spec.IPv6 ? [.. Icmp] : Fragment(random, spec.Build());
                continue;
            }

            PacketSpec sent = random.Next(3) == 0 ? Vary(random, spec) : spec;
            packets[i] = Damage(random, sent, sent.Build());
            flows[flow] = spec with
            {
                Sequence = sent.Sequence + (uint)sent.Payload.Length,
                Identification = anyIdentification ? (ushort)random.Next(3) : (ushort)(spec.Identification + 1),
            };
        }

        return packets;
    }

    private static PacketSpec MakeFlow(Random random, int number) => new()
    {
        IPv6 = random.Next(2) == 0,
        Udp = random.Next(3) == 0,
        Host = (byte)(1 + (number / 3)),
        Port = (ushort)(1000 + (number % 3)),
        DontFragment = random.Next(2) == 0,
        Identification = (ushort)random.Next(65536),
        Options = random.Next(2) == 0 ? [] : [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2],
        Sequence = random.Next(4) == 0 ? uint.MaxValue - (uint)random.Next(300) : (uint)random.Next(),
        Payload = Bytes(random, random.Next(1, 80)),
    };

    private static PacketSpec Vary(Random random, PacketSpec spec) => random.Next(14) switch
    {
        0 => spec with { Payload = spec.Payload[..^(spec.Payload.Length / 2)] },
        1 => spec with { Payload = [] },
        2 => spec with { Payload = Bytes(random, spec.Payload.Length + 1) },
        3 => spec with { TrafficClass = (byte)random.Next(256) },
        4 => spec with { HopLimit = (byte)random.Next(256) },
        5 => spec with { FlowLabel = random.Next(1 << 20) },
        6 => spec with { Sequence = spec.Sequence + (uint)random.Next(-2, 3) },
        7 => spec with { Acknowledgement = (uint)random.Next() },
        8 => spec with { Window = (ushort)random.Next(65536) },
        9 => spec with { Options = [1, 1, 1, 1] },
        10 => spec with { DontFragment = !spec.DontFragment },
        11 => spec with { UrgentPointer = (ushort)random.Next(2) },
        _ => spec with { Flags = (byte)(Ack | random.Next(256)) },
    };

    // A bit behind the ports, or a byte behind the packet. Not the length of the TCP header: it may leave no packet of any flow.
    private static byte[] Damage(Random random, PacketSpec spec, byte[] packet)
    {
        switch (random.Next(30))
        {
            case 0:
                int offset = random.Next(spec.TransportOffset + 4, packet.Length);
                packet[offset] ^= (byte)(offset == spec.TransportOffset + 12 && !spec.Udp ? 1 : 1 << random.Next(8));
                return packet;
            case 1:
                return [.. packet, 0];
            default:
                return packet;
        }
    }

    private static byte[] Fragment(Random random, byte[] packet)
    {
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), (ushort)(1 << random.Next(14)));
        packet.AsSpan(10, 2).Clear();
        Checksum.Write(packet.AsSpan(10), Checksum.Sum(packet.AsSpan(0, 20)));
        return packet;
    }

    private static void ClearIdentification(byte[] packet)
    {
        if (packet[0] >> 4 == 4)
        {
            packet.AsSpan(4, 2).Clear();
            packet.AsSpan(10, 2).Clear();
        }
    }

    private static byte[] Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
