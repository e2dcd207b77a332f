using WgNet.Linux;
using WgNet.Tun;
using WgNet.Unit.Fakes;
using Xunit;

namespace WgNet.Unit.Tun;

public sealed class CoalescerTests : IDisposable
{
    private const byte Ack = 0x10, Psh = 0x08;

    private readonly MemoryTun _tun = new(hasOffload: true);
    private readonly NativeBuffer _buffer = new(1 << 20);

    public void Dispose()
    {
        _buffer.Dispose();
        _tun.Dispose();
    }

    [Fact]
    public void Flush_ConsecutiveTcp_IsOneWriteThatSegmentsBack()
    {
        PacketSpec first = new() { Payload = Bytes(1000), Options = [8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 1] };
        byte[][] packets =
        [
            first.Build(),
            (first with { Sequence = 1001, Identification = 2 }).Build(),
            (first with { Sequence = 2001, Identification = 3, Payload = Bytes(10), Flags = Ack | Psh }).Build(),
        ];

        List<byte[]> written = Coalesce(packets);

        Assert.Single(written);
        Assert.Equal(packets, Uncoalesce(written));
    }

    [Fact]
    public void Flush_InterleavedFlows_MergesEach()
    {
        PacketSpec one = new() { IPv6 = true, Payload = Bytes(100) }, two = one with { Port = 2000, Udp = true };
        PacketSpec[] specs = [one, two, one with { Sequence = 101 }, two, one with { Sequence = 201 }, two];

        Assert.Equal(2, Coalesce([.. specs.Select(spec => spec.Build())]).Count);
    }

    [Fact]
    public void Flush_UdpWhereTheDeviceTakesNone_IsNotMerged()
    {
        _tun.HasUdpOffload = false;
        byte[] packet = new PacketSpec { Udp = true, Payload = Bytes(100) }.Build();

        Assert.Equal([packet, packet], Uncoalesce(Coalesce([packet, packet])));
        Assert.Equal(2, Coalesce([packet, packet]).Count);
    }

    [Fact]
    public void Flush_AtomicPacketsWithAnyIdentification_AreMerged()
    {
        PacketSpec first = new() { Payload = Bytes(100), Identification = 0 };

        Assert.Single(Coalesce([first.Build(), (first with { Sequence = 101 }).Build(), (first with { Sequence = 201, Identification = 9 }).Build()]));
    }

    public static TheoryData<string> Differences() =>
        ["gap", "ecn", "hop limit", "options", "window", "flags", "longer", "empty", "checksum", "first checksum", "ip checksum",
            "identification", "flag DF", "after PSH", "trailing bytes"];

    [Theory]
    [MemberData(nameof(Differences))]
    public void Flush_SomethingDiffers_WritesBothAsTheyCame(string what)
    {
        PacketSpec first = new() { Payload = Bytes(100), Options = [1, 1, 1, 1], DontFragment = what != "identification" };
        PacketSpec second = first with { Sequence = 101, Identification = 2 };
        first = what == "after PSH" ? first with { Flags = Ack | Psh } : first;
        byte[] one = first.Build();
        byte[] two = (what switch
        {
            "gap" => second with { Sequence = 102 },
            "ecn" => second with { TrafficClass = 3 },
            "hop limit" => second with { HopLimit = 63 },
            "options" => second with { Options = [1, 1, 1, 0] },
            "window" => second with { Window = 501 },
            "flags" => second with { Flags = Ack | 2 },
            "longer" => second with { Payload = Bytes(101) },
            "empty" => second with { Payload = [] },
            "identification" => second with { Identification = 3 },
            "flag DF" => second with { DontFragment = false },
            _ => second,
        }).Build();
        switch (what)
        {
            case "checksum": two[^1] ^= 1; break;
            case "first checksum": one[^1] ^= 1; break;
            case "ip checksum": two[10] ^= 1; break;
            case "trailing bytes": two = [.. two, 0]; break;
            default: break;
        }

        List<byte[]> written = Coalesce([one, two]);

        Assert.Equal([one, two], written.Select(packet => packet[VirtioNetHeader.Size..]));
        Assert.All(written, packet => Assert.Equal(0, packet[1]));
    }

    [Fact]
    public void Flush_MoreThanASuperPacketHolds_SplitsIt()
    {
        PacketSpec first = new() { IPv6 = true, Payload = Bytes(1400) };
        byte[][] packets = [.. Enumerable.Range(0, 200).Select(i => (first with { Sequence = (uint)(1 + (i * 1400)) }).Build())];

        List<byte[]> written = Coalesce(packets);

        Assert.All(written, packet => Assert.InRange(packet.Length - VirtioNetHeader.Size, 1, 65_535));
        Assert.Equal(packets, Uncoalesce(written));
    }

    [Fact]
    public void Flush_DeviceRefuses_CountsEveryPacket()
    {
        _tun.RefusesWrites = true;
        var coalescer = new Coalescer(_tun, _buffer);
        byte[] packet = new PacketSpec { Udp = true, Payload = Bytes(100) }.Build();
        for (int i = 0; i < 3; i++)
        {
            int offset = VirtioNetHeader.Size + (i * 2000);
            packet.CopyTo(_buffer.Slice(offset, packet.Length));
            coalescer.Add(offset, packet.Length);
        }

        Assert.Equal(3, coalescer.Flush());
        Assert.Equal(0, coalescer.Flush());
    }

    [Fact]
    public void Flush_NotEnabled_WritesEachAlone()
    {
        var coalescer = new Coalescer(_tun, _buffer) { Enabled = false };
        byte[] packet = new PacketSpec { Udp = true, Payload = Bytes(100) }.Build();
        packet.CopyTo(_buffer.Slice(10, packet.Length));
        packet.CopyTo(_buffer.Slice(1010, packet.Length));

        coalescer.Add(10, packet.Length);
        coalescer.Add(1010, packet.Length);
        Assert.Null(_tun.Receive(TimeSpan.Zero));
        coalescer.Flush();

        Assert.Equal(packet, _tun.Receive(TimeSpan.Zero));
        Assert.Equal(packet, _tun.Receive(TimeSpan.Zero));
    }

    [Fact]
    public void Flush_AnySequence_SegmentsBackInOrderOfEachFlow()
    {
        var random = new Random(20_260);
        int writes = 0, packets = 0;
        for (int round = 0; round < 3000; round++)
        {
            byte[][] batch = RandomBatch(random);
            List<byte[]> written = Coalesce(batch);
            writes += written.Count;
            packets += batch.Length;

            Assert.Equal(ByFlow(batch), ByFlow(Uncoalesce(written)));
        }

        // That anything was merged at all.
        Assert.InRange(writes, packets / 10, packets * 3 / 4);
    }

    private static byte[][] RandomBatch(Random random)
    {
        PacketSpec[] flows =
        [
            .. Enumerable.Range(0, random.Next(1, 12)).Select(i => new PacketSpec
            {
                IPv6 = random.Next(2) == 0,
                Udp = random.Next(4) == 0,
                Host = (byte)(1 + (i / 3)),
                Port = (ushort)(1000 + (i % 3)),
                DontFragment = random.Next(2) == 0,
                Options = random.Next(2) == 0 ? [] : [1, 1, 1, 1],
                Sequence = (uint)random.NextInt64(1L << 32),
                Payload = Bytes(random.Next(1, 300)),
            }),
        ];
        byte[][] batch = new byte[random.Next(1, 60)][];
        int flow = 0;
        for (int i = 0; i < batch.Length; i++)
        {
            flow = random.Next(4) == 0 ? random.Next(flows.Length) : flow;
            PacketSpec spec = flows[flow];
            PacketSpec sent = random.Next(16) switch
            {
                0 => spec with { Payload = spec.Payload[..^(spec.Payload.Length / 2)] },
                1 => spec with { Flags = Ack | Psh },
                2 => spec with { TrafficClass = 3 },
                3 => spec with { Payload = [] },
                4 => spec with { Flags = Ack | 0x80 },
                5 => spec with { Sequence = spec.Sequence + 1 },
                _ => spec,
            };
            batch[i] = sent.Build();
            if (random.Next(20) == 0)
            {
                batch[i][random.Next(spec.TransportOffset + 4, batch[i].Length)] ^= 1;
            }

            flows[flow] = spec with
            {
                Sequence = sent.Sequence + (uint)sent.Payload.Length,
                Identification = (ushort)(spec.Identification + 1),
            };
        }

        return batch;
    }

    private List<byte[]> Coalesce(byte[][] packets)
    {
        var coalescer = new Coalescer(_tun, _buffer);
        int offset = 0;
        foreach (byte[] packet in packets)
        {
            offset += VirtioNetHeader.Size;
            packet.CopyTo(_buffer.Slice(offset, packet.Length));
            coalescer.Add(offset, packet.Length);
            offset += packet.Length + 5;
        }

        Assert.Equal(0, coalescer.Flush());
        List<byte[]> written = [];
        while (_tun.TakeWritten(TimeSpan.Zero) is { } next)
        {
            written.Add(next);
        }

        return written;
    }

    private static byte[][] Uncoalesce(IEnumerable<byte[]> written) =>
        [.. written.SelectMany(packet => SegmenterTests.Segment(VirtioNetHeader.Read(packet), packet[VirtioNetHeader.Size..]))];

    // Flow by flow, each in its order: version, protocol, addresses, ports as they lie in the packet.
    private static string[] ByFlow(IEnumerable<byte[]> packets) =>
    [
        .. packets
            .GroupBy(
                packet => packet[0] >> 4 == 6
                    ? $"6 {packet[6]} {Convert.ToHexString(packet[8..44])}"
                    : $"4 {packet[9]} {Convert.ToHexString(packet[12..24])}",
                StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => string.Join('\n', group.Select(Convert.ToHexString))),
    ];

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
