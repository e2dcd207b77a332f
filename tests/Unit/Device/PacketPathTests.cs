using WgNet.Device;
using WgNet.Tun;
using WgNet.Unit.Fakes;
using WgNet.Unit.Tun;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

/// <summary>What carrying packets costs the garbage collector.</summary>
public sealed class PacketPathTests
{
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
