using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using WgNet.Linux;

namespace WgNet.Udp;

/// <summary>What came beside a datagram: the address it came to, its ECN bits, and how the kernel joined it. Anything odd is as if absent.</summary>
internal ref struct ReceivedControl
{
    private const int EcnMask = 3;

    public ReadOnlySpan<byte> LocalAddress { get; private set; }

    public int Interface { get; private set; }

    public byte Ecn { get; private set; }

    /// <summary>0 when the message is one datagram.</summary>
    public int SegmentSize { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReceivedControl Read(ReadOnlySpan<byte> control)
    {
        ReceivedControl read = default;
        var reader = new ControlReader(control);
        while (reader.TryNext())
        {
            read.Take(reader.Level, reader.Type, reader.Data);
        }

        return read;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Take(int level, int type, ReadOnlySpan<byte> data)
    {
        switch (level, type)
        {
            case (ControlMessage.SOL_IP, ControlMessage.IP_PKTINFO) when data.Length >= ControlMessage.IPv4PacketInfoSize:
                Interface = MemoryMarshal.Read<int>(data);
                LocalAddress = data.Slice(4, 4);
                break;
            case (ControlMessage.SOL_IPV6, ControlMessage.IPV6_PKTINFO) when data.Length >= ControlMessage.IPv6PacketInfoSize:
                Interface = MemoryMarshal.Read<int>(data[16..]);
                LocalAddress = data[..16];
                break;
            case (ControlMessage.SOL_IP, ControlMessage.IP_TOS) when data.Length >= 1:
                Ecn = (byte)(data[0] & EcnMask);
                break;
            case (ControlMessage.SOL_IPV6, ControlMessage.IPV6_TCLASS) when data.Length >= sizeof(int):
                Ecn = (byte)(MemoryMarshal.Read<int>(data) & EcnMask);
                break;
            case (ControlMessage.SOL_UDP, ControlMessage.UDP_GRO) when data.Length >= sizeof(int):
                SegmentSize = MemoryMarshal.Read<int>(data);
                break;
        }
    }
}
