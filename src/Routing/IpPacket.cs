using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace WgNet.Routing;

/// <summary>
/// A view over an inside packet: RFC 791 or RFC 8200 header, checked so far as routing relies on it. Bytes behind the packet's
/// own length, such as WireGuard's padding, are not part of the view.
/// </summary>
public readonly ref struct IpPacket
{
    public const int IPv4HeaderSize = 20;
    public const int IPv6HeaderSize = 40;

    private readonly ReadOnlySpan<byte> _packet;

    private IpPacket(ReadOnlySpan<byte> packet, bool isIPv4)
    {
        _packet = packet;
        IsIPv4 = isIPv4;
    }

    public bool IsIPv4 { get; }

    /// <summary>Header and payload; never more than the buffer holds.</summary>
    public int TotalLength => _packet.Length;

    /// <summary>The packet from its first byte to its last.</summary>
    public ReadOnlySpan<byte> Bytes => _packet;

    /// <summary>Without IPv6 extension headers.</summary>
    public int HeaderLength => IsIPv4 ? (_packet[0] & 0x0f) * 4 : IPv6HeaderSize;

    public byte TrafficClass => IsIPv4 ? _packet[1] : (byte)((_packet[0] << 4) | (_packet[1] >> 4));

    /// <summary>RFC 3168: 0 not ECT, 1 ECT(1), 2 ECT(0), 3 CE. What the outside packet carries, too (RFC 6040, normal mode).</summary>
    public byte Ecn => (byte)(TrafficClass & WgNet.Routing.Ecn.Mask);

    /// <summary>The addresses of an IPv4 packet; those of the other family are meaningless.</summary>
    public uint IPv4Source => BinaryPrimitives.ReadUInt32BigEndian(_packet[12..]);

    public uint IPv4Destination => BinaryPrimitives.ReadUInt32BigEndian(_packet[16..]);

    public UInt128 IPv6Source => BinaryPrimitives.ReadUInt128BigEndian(_packet[8..]);

    public UInt128 IPv6Destination => BinaryPrimitives.ReadUInt128BigEndian(_packet[24..]);

    /// <summary>IPv4's protocol, or IPv6's first next header.</summary>
    public byte Protocol => IsIPv4 ? _packet[9] : _packet[6];

    /// <summary>
    /// False for anything that is neither IPv4 nor IPv6, or whose lengths contradict themselves or the buffer. A jumbogram
    /// (RFC 2675) says 0 and is therefore cut to its header, as the kernel's WireGuard does: no datagram could carry one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryParse(ReadOnlySpan<byte> packet, out IpPacket header)
    {
        header = default;
        if (packet.Length < IPv4HeaderSize)
        {
            return false;
        }

        bool isIPv4 = packet[0] >> 4 == 4;
        int headerLength, totalLength;
        if (isIPv4)
        {
            headerLength = (packet[0] & 0x0f) * 4;
            totalLength = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        }
        else if (packet[0] >> 4 == 6)
        {
            headerLength = IPv6HeaderSize;
            totalLength = IPv6HeaderSize + BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        }
        else
        {
            return false;
        }

        if (headerLength < IPv4HeaderSize || totalLength < headerLength || totalLength > packet.Length)
        {
            return false;
        }

        header = new IpPacket(packet[..totalLength], isIPv4);
        return true;
    }

    /// <summary>
    /// What a CE mark on the outside packet does to the inside one (RFC 6040): ECT becomes CE; a packet that does not know ECN stays
    /// as it is, as in the kernel. The packet must have passed <see cref="TryParse"/>.
    /// </summary>
    public static void SetCongestionExperienced(Span<byte> packet) => WgNet.Routing.Ecn.SetCongestionExperienced(packet);
}
