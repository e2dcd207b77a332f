using System.Runtime.InteropServices;

namespace WgNet.Tun;

/// <summary>struct virtio_net_hdr without num_buffers (linux/virtio_net.h), in the host's byte order, as TUN keeps it.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VirtioNetHeader
{
    //  flags 1 | gso_type 1 | hdr_len 2 | gso_size 2 | csum_start 2 | csum_offset 2
    public const int Size = 10;

    public const byte NeedsChecksum = 1;
    public const byte GsoNone = 0, GsoTcpV4 = 1, GsoUdp = 3, GsoTcpV6 = 4, GsoUdpL4 = 5, GsoEcn = 0x80;

    public byte Flags;
    public byte GsoType;
    public ushort HeaderLength;
    public ushort GsoSize;
    public ushort ChecksumStart;
    public ushort ChecksumOffset;

    public static VirtioNetHeader Read(ReadOnlySpan<byte> source) => MemoryMarshal.Read<VirtioNetHeader>(source);

    public readonly void Write(Span<byte> destination) => MemoryMarshal.Write(destination, in this);
}
