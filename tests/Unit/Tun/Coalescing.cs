using WgNet.Linux;
using WgNet.Tun;
using WgNet.Unit.Fakes;
using Xunit;

namespace WgNet.Unit.Tun;

/// <summary>Packets through a coalescer to an in-memory device, and through the segmenter back.</summary>
internal static class Coalescing
{
    /// <summary>What is written for these packets, headers first. They lie odd bytes apart, so at odd addresses too.</summary>
    public static List<byte[]> Coalesce(MemoryTun tun, NativeBuffer buffer, IReadOnlyList<byte[]> packets)
    {
        var coalescer = new Coalescer(tun, buffer);
        int offset = 0;
        foreach (byte[] packet in packets)
        {
            offset += VirtioNetHeader.Size;
            packet.CopyTo(buffer.Slice(offset, packet.Length));
            coalescer.Add(offset, packet.Length);
            offset += packet.Length + 5;
        }

        Assert.Equal(0, coalescer.Flush());
        List<byte[]> written = [];
        while (tun.TakeWritten(TimeSpan.Zero) is { } next)
        {
            written.Add(next);
        }

        return written;
    }

    /// <summary>What the host would make of it.</summary>
    public static byte[][] Uncoalesce(IEnumerable<byte[]> written) =>
        [.. written.SelectMany(packet => SegmenterTests.Segment(VirtioNetHeader.Read(packet), packet[VirtioNetHeader.Size..]))];

    /// <summary>Flow by flow, each in its order. Everything without ports counts as one flow of its protocol and addresses.</summary>
    public static byte[][] ByFlow(IEnumerable<byte[]> packets) =>
        [.. packets.Select(packet => (Flow: FlowOf(packet), Packet: packet)).OrderBy(pair => pair.Flow).Select(pair => pair.Packet)];

    // Version, protocol, fragment or not, source host and port: all that differs between the flows of the tests.
    private static (int Version, int Protocol, bool IsFragment, int Host, int Port) FlowOf(byte[] packet)
    {
        bool isIPv6 = packet[0] >> 4 == 6;
        int protocol = isIPv6 ? packet[6] : packet[9], transport = isIPv6 ? 40 : (packet[0] & 15) * 4;
        bool isFragment = !isIPv6 && ((packet[6] & 0x3f) != 0 || packet[7] != 0);
        int port = protocol is 6 or 17 && !isFragment ? (packet[transport] << 8) | packet[transport + 1] : 0;
        return (packet[0] >> 4, protocol, isFragment, isIPv6 ? packet[23] : packet[15], port);
    }
}
