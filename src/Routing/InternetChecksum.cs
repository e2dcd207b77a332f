using System.Buffers.Binary;

namespace WgNet.Routing;

/// <summary>The ones' complement sum of RFC 1071. For packets that this process makes itself: short, and rare.</summary>
internal static class InternetChecksum
{
    /// <summary>Adds the bytes as 16-bit words; an odd one counts as the upper half of a word.</summary>
    public static uint Add(uint sum, ReadOnlySpan<byte> data)
    {
        for (; data.Length >= 2; data = data[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(data);
        }

        return data.IsEmpty ? sum : sum + (uint)(data[0] << 8);
    }

    /// <summary>The value for the checksum field.</summary>
    public static ushort Finish(uint sum)
    {
        while (sum > 0xffff)
        {
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
