using System.Buffers.Binary;
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
    public void Flush_MoreFlowsThanItFollows_KeepsTheOrderOfEach()
    {
        PacketSpec[] flows = [.. Enumerable.Range(0, 12).Select(i => new PacketSpec { Port = (ushort)i, Payload = Bytes(100) })];
        byte[][] packets = [.. Enumerable.Range(0, 3).SelectMany(i => flows.Select(flow => (flow with { Sequence = (uint)(1 + (i * 100)), Identification = (ushort)i }).Build()))];

        byte[][] received = Uncoalesce(Coalesce(packets));

        Assert.Equal(Coalescing.ByFlow(packets), Coalescing.ByFlow(received));
    }

    [Fact]
    public void Flush_FlowsOfOneHash_AreNotMixed()
    {
        // Whatever the first half of the source does to the hash, the second half takes back.
        byte[] one = new PacketSpec { IPv6 = true, Udp = true, Payload = Bytes(100) }.Build(), other = [.. one];
        other[8] ^= 1;
        ulong difference = HashOfSource(one) ^ HashOfSource(other);
        BinaryPrimitives.WriteUInt64LittleEndian(other.AsSpan(16), BinaryPrimitives.ReadUInt64LittleEndian(one.AsSpan(16)) ^ difference);
        other.AsSpan(46, 2).Clear();
        Checksum.WriteNonZero(other.AsSpan(46), Checksum.PseudoHeader(other.AsSpan(8, 32), 17, 108) + Checksum.Sum(other.AsSpan(40)));
        Assert.Equal(Hash(one), Hash(other));

        List<byte[]> written = Coalesce([one, one, other, other, one, other]);

        Assert.Equal([one, one, other, other, one, other], Uncoalesce(written));
        Assert.Equal(4, written.Count);

        static ulong HashOfSource(byte[] packet) =>
            ((((ulong)BinaryPrimitives.ReadUInt32LittleEndian(packet.AsSpan(40)) << 8) | 17) ^ BinaryPrimitives.ReadUInt64LittleEndian(packet.AsSpan(8)))
            * PacketHeaders.HashFactor;

        static ulong Hash(byte[] packet) => PacketHeaders.TryParse(packet, out PacketHeaders headers) ? headers.FlowHash(packet) : 0;
    }

    [Fact]
    public void Flush_PacketsOfOtherProtocolsBetween_AreWrittenInTheirPlace()
    {
        PacketSpec tcp = new() { Payload = Bytes(100) };
        byte[] icmp = [0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 9, 8, 0, 0xf7, 0xff, 0, 0, 0, 0];

        List<byte[]> written = Coalesce([icmp, tcp.Build(), icmp, (tcp with { Sequence = 101, Identification = 2 }).Build(), icmp]);

        Assert.Equal([38, 250, 38, 38], written.Select(packet => packet.Length));
    }

    private List<byte[]> Coalesce(byte[][] packets) => Coalescing.Coalesce(_tun, _buffer, packets);

    private static byte[][] Uncoalesce(IEnumerable<byte[]> written) => Coalescing.Uncoalesce(written);

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
