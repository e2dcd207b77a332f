using System.Buffers.Binary;
using WgNet.Tun;

namespace WgNet.Micro;

/// <summary>A TCP super-packet over IPv6 as the host's stack hands it to a TUN device: header, and 64 KiB less what no IP packet holds.</summary>
internal static class SampleSuperPacket
{
    public const int HeaderSize = 40 + 32;
    private const int Ipv6Size = 40;

    /// <summary>The payload of a segment at an inside MTU.</summary>
    public static int SegmentSize(int mtu) => mtu - HeaderSize;

    /// <summary>As many whole segments as fit.</summary>
    public static int Segments(int mtu) => (65535 - HeaderSize) / SegmentSize(mtu);

    /// <summary>Virtio header, then the packet.</summary>
    public static byte[] Create(int mtu)
    {
        int length = HeaderSize + (Segments(mtu) * SegmentSize(mtu));
        byte[] both = new byte[VirtioNetHeader.Size + length];
        new VirtioNetHeader
        {
            Flags = VirtioNetHeader.NeedsChecksum,
            GsoType = VirtioNetHeader.GsoTcpV6,
            HeaderLength = HeaderSize,
            GsoSize = (ushort)SegmentSize(mtu),
            ChecksumStart = Ipv6Size,
            ChecksumOffset = 16,
        }.Write(both);

        Span<byte> packet = both.AsSpan(VirtioNetHeader.Size);
        new Random(1).NextBytes(packet);
        packet[0] = 0x60;
        packet[1..4].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)(length - Ipv6Size));
        packet[6] = 6;
        packet[7] = 64;
        packet[8] = packet[24] = 0xfd;

        // Acknowledgement only, 32 bytes of header: two no-operations and a timestamp.
        Span<byte> tcp = packet[Ipv6Size..];
        tcp[12] = 0x80;
        tcp[13] = 0x10;
        tcp[16..20].Clear();
        ((ReadOnlySpan<byte>)[1, 1, 8, 10]).CopyTo(tcp[20..]);
        return both;
    }
}
