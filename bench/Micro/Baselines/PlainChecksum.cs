namespace WgNet.Micro.Baselines;

/// <summary>The Internet checksum as RFC 1071 writes it: 16 bits at a time.</summary>
internal static class PlainChecksum
{
    public static ushort Sum(ReadOnlySpan<byte> data)
    {
        uint sum = 0;
        for (int i = 0; i + 1 < data.Length; i += 2)
        {
            sum += (uint)(data[i] | data[i + 1] << 8);
        }

        sum += (data.Length & 1) != 0 ? data[^1] : 0u;
        while (sum > ushort.MaxValue)
        {
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        }

        return (ushort)sum;
    }
}
