using WgNet.Routing;
using WgNet.Tun;
using WgNet.Unit.Tun;
using Xunit;

namespace WgNet.Unit.Mutation;

/// <summary>Mutated virtio headers and super-packets: refused, or cut into whole packets that are no longer than was said.</summary>
public sealed class OffloadMutationTests
{
    internal static readonly byte[][] SuperPackets =
    [
        With(new PacketSpec { Payload = new byte[3000] }, VirtioNetHeader.GsoTcpV4),
        With(new PacketSpec { IPv6 = true, Payload = new byte[3000], Options = [1, 1, 1, 1] }, VirtioNetHeader.GsoTcpV6),
        With(new PacketSpec { Udp = true, Payload = new byte[2000] }, VirtioNetHeader.GsoUdpL4),
        With(new PacketSpec { IPv6 = true, Udp = true, Payload = new byte[2000] }, VirtioNetHeader.GsoUdpL4),
        With(new PacketSpec { IPv6 = true, Udp = true, Payload = new byte[100] }, VirtioNetHeader.GsoNone),
    ];

    [Fact]
    public void Segment_MutatedHeadersAndPackets_GivesWholePacketsOrNone()
    {
        int refused = 0, cut = 0;
        byte[] destination = new byte[ushort.MaxValue];
        MutationRun.Each(100_000, mutator =>
        {
            // Most mutations where the headers are: what lies behind them is only copied.
            byte[] original = mutator.Pick<byte[]>(SuperPackets);
            byte[] mutant = mutator.Bytes(original, uncovered: mutator.Next(4) == 0 ? 0 : original.Length - 90);
            var segmenter = default(Segmenter);
            if (!segmenter.Begin(mutant))
            {
                Assert.Equal(0, segmenter.SegmentCount);
                refused++;
                return;
            }

            cut++;
            bool isSuperPacket = mutant[1] != VirtioNetHeader.GsoNone;
            int count = 0, longest = segmenter.NextLength;
            while (segmenter.TryNext(destination.AsSpan(0, segmenter.NextLength), out int length))
            {
                count++;
                Assert.InRange(length, 1, longest);
                longest = length;
                Assert.True(!isSuperPacket || (IpPacket.TryParse(destination.AsSpan(0, length), out IpPacket header) && header.TotalLength == length));
            }

            Assert.Equal(segmenter.SegmentCount, count);
            Assert.Equal(0, segmenter.NextLength);
        });

        Assert.True(refused > 1000 && cut > 1000, $"{refused} refused, {cut} cut");
    }

    private static byte[] With(PacketSpec spec, byte type)
    {
        byte[] packet = spec.BuildWithoutChecksum();
        byte[] both = new byte[VirtioNetHeader.Size + packet.Length];
        new VirtioNetHeader
        {
            Flags = VirtioNetHeader.NeedsChecksum,
            GsoType = type,
            GsoSize = type == VirtioNetHeader.GsoNone ? (ushort)0 : (ushort)1000,
            HeaderLength = (ushort)spec.HeaderSize,
            ChecksumStart = (ushort)spec.TransportOffset,
            ChecksumOffset = (ushort)(spec.Udp ? 6 : 16),
        }.Write(both);
        packet.CopyTo(both.AsSpan(VirtioNetHeader.Size));
        return both;
    }
}
