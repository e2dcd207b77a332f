using System.Buffers.Binary;

namespace WgNet.Routing;

/// <summary>Explicit congestion notification: the two bits of RFC 3168, carried through the tunnel as RFC 6040 says.</summary>
public static class Ecn
{
    public const byte NotEct = 0;
    public const byte Ect1 = 1;
    public const byte Ect0 = 2;
    public const byte CongestionExperienced = 3;
    public const byte Mask = 3;

    // The two bits' place in an IPv6 header's second byte: class and flow label share it.
    private const int IPv6Shift = 4;

    internal static void SetCongestionExperienced(Span<byte> packet)
    {
        if (packet[0] >> 4 == 4)
        {
            if ((packet[1] & Mask) != NotEct)
            {
                byte before = packet[1];
                packet[1] |= CongestionExperienced;
                AdjustIPv4Checksum(packet, before, packet[1]);
            }
        }
        else if (((packet[1] >> IPv6Shift) & Mask) != NotEct)
        {
            packet[1] |= CongestionExperienced << IPv6Shift;
        }
    }

    // RFC 1624, equation 3. The version byte shares the word with the class but does not change.
    private static void AdjustIPv4Checksum(Span<byte> packet, byte before, byte after)
    {
        Span<byte> field = packet[10..12];
        int sum = (ushort)~BinaryPrimitives.ReadUInt16BigEndian(field) + (ushort)~before + after;
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(field, (ushort)~sum);
    }
}
