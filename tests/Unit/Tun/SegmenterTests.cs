using WgNet.Tun;
using Xunit;

namespace WgNet.Unit.Tun;

public sealed class SegmenterTests
{
    private const byte Fin = 0x01, Psh = 0x08, Ack = 0x10, Cwr = 0x80;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TryNext_TcpSuperPacket_GivesTheRightPackets(bool ipv6)
    {
        byte[] payload = Bytes(2500);
        PacketSpec spec = new() { IPv6 = ipv6, Flags = Ack | Psh | Fin | Cwr, Options = [1, 1, 1, 1], Payload = payload, Identification = 0xffff };
        byte type = ipv6 ? VirtioNetHeader.GsoTcpV6 : VirtioNetHeader.GsoTcpV4;

        List<byte[]> packets = Segment(Header(spec, (byte)(type | VirtioNetHeader.GsoEcn), 1000), spec.BuildWithoutChecksum());

        Assert.Equal(
            [
                (spec with { Flags = Ack | Cwr, Payload = payload[..1000] }).Build(),
                (spec with { Flags = Ack, Payload = payload[1000..2000], Sequence = 1001, Identification = 0 }).Build(),
                (spec with { Flags = Ack | Psh | Fin, Payload = payload[2000..], Sequence = 2001, Identification = 1 }).Build(),
            ],
            packets);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TryNext_UdpSuperPacket_GivesTheRightPackets(bool ipv6)
    {
        byte[] payload = Bytes(1001);
        PacketSpec spec = new() { IPv6 = ipv6, Udp = true, Payload = payload };

        List<byte[]> packets = Segment(Header(spec, VirtioNetHeader.GsoUdpL4, 500), spec.BuildWithoutChecksum());

        Assert.Equal(
            [
                (spec with { Payload = payload[..500] }).Build(),
                (spec with { Payload = payload[500..1000], Identification = 2 }).Build(),
                (spec with { Payload = payload[1000..], Identification = 3 }).Build(),
            ],
            packets);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(1399)]
    public void TryNext_PacketWithoutChecksum_GivesItWithOne(int length)
    {
        PacketSpec spec = new() { IPv6 = true, Udp = true, Payload = Bytes(length) };

        Assert.Equal([spec.Build()], Segment(Header(spec, VirtioNetHeader.GsoNone, 0), spec.BuildWithoutChecksum()));
    }

    [Fact]
    public void TryNext_UdpChecksumOfZero_IsWrittenAsAllOnes()
    {
        // The two bytes that make the sum all ones are found by trying.
        PacketSpec spec = Enumerable.Range(0, 65536)
            .Select(value => new PacketSpec { Udp = true, Payload = [(byte)(value >> 8), (byte)value] })
            .First(candidate => candidate.Build().AsSpan(26, 2).SequenceEqual((ReadOnlySpan<byte>)[0xff, 0xff]));

        Assert.Equal([spec.Build()], Segment(Header(spec, VirtioNetHeader.GsoNone, 0), spec.BuildWithoutChecksum()));
    }

    [Fact]
    public void TryNext_PlainPacket_GivesItUnchanged()
    {
        byte[] packet = Bytes(77);

        Assert.Equal([packet], Segment(default, packet));
    }

    [Fact]
    public void TryNext_IPv6DestinationOptions_AreRepeated()
    {
        PacketSpec spec = new() { IPv6 = true, Payload = Bytes(300) };
        byte[] plain = spec.Build();
        byte[] packet = [.. plain[..40], 6, 0, 1, 4, 0, 0, 0, 0, .. plain[40..]];
        packet[6] = 60;
        VirtioNetHeader header = Header(spec, VirtioNetHeader.GsoTcpV6, 200) with { ChecksumStart = 48 };

        List<byte[]> packets = Segment(header, packet);

        byte[] first = (spec with { Payload = spec.Payload[..200] }).Build();
        Assert.Equal([.. first[..4], 0, 228, 60, .. first[7..40], 6, 0, 1, 4, 0, 0, 0, 0, .. first[40..]], packets[0]);
        Assert.Equal(2, packets.Count);
    }

    public static TheoryData<string> Contradictions() =>
        ["no packet", "size 0", "type unknown", "UFO", "IPv4 type on IPv6", "UDP type on TCP", "no payload", "checksum outside",
            "TCP header outside", "TCP header too small", "IHL outside", "fragment", "routing header", "extension outside", "size over 64 KiB"];

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void Begin_HeaderAndPacketContradict_IsRefused(string what)
    {
        PacketSpec spec = new() { IPv6 = what is "routing header" or "extension outside" or "IPv4 type on IPv6", Payload = Bytes(100) };
        byte[] packet = spec.Build();
        VirtioNetHeader header = Header(spec, spec.IPv6 ? VirtioNetHeader.GsoTcpV6 : VirtioNetHeader.GsoTcpV4, 50);
        switch (what)
        {
            case "no packet": packet = []; break;
            case "size 0": header.GsoSize = 0; break;
            case "type unknown": header.GsoType = 9; break;
            case "UFO": header.GsoType = VirtioNetHeader.GsoUdp; break;
            case "IPv4 type on IPv6": header.GsoType = VirtioNetHeader.GsoTcpV4; break;
            case "UDP type on TCP": header.GsoType = VirtioNetHeader.GsoUdpL4; break;
            case "no payload": packet = packet[..40]; break;
            case "checksum outside": header = header with { GsoType = 0, ChecksumStart = 139, ChecksumOffset = 0 }; break;
            case "TCP header outside": packet = packet[..50]; packet[32] = 0xf0; break;
            case "TCP header too small": packet[32] = 0x40; break;
            case "IHL outside": packet = packet[..39]; packet[0] = 0x4f; break;
            case "fragment": packet[6] = 0x20; break;
            case "routing header": packet[6] = 43; break;
            case "extension outside": packet[6] = 0; packet[41] = 255; break;
            default: header.GsoSize = 65_535; break;
        }

        Assert.Empty(Segment(header, packet));
    }

    internal static List<byte[]> Segment(VirtioNetHeader header, byte[] packet)
    {
        byte[] both = new byte[VirtioNetHeader.Size + packet.Length];
        header.Write(both);
        packet.CopyTo(both, VirtioNetHeader.Size);
        var segmenter = default(Segmenter);
        List<byte[]> packets = [];
        if (!segmenter.Begin(both))
        {
            return packets;
        }

        int count = segmenter.SegmentCount;
        byte[] destination = new byte[segmenter.NextLength];
        while (segmenter.TryNext(destination, out int length))
        {
            packets.Add(destination[..length]);
        }

        Assert.Equal(count, packets.Count);
        return packets;
    }

    private static VirtioNetHeader Header(PacketSpec spec, byte type, ushort size) => new()
    {
        Flags = VirtioNetHeader.NeedsChecksum,
        GsoType = type,
        GsoSize = size,
        HeaderLength = (ushort)spec.HeaderSize,
        ChecksumStart = (ushort)spec.TransportOffset,
        ChecksumOffset = (ushort)(spec.Udp ? 6 : 16),
    };

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
