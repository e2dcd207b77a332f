namespace WgNet.Protocol;

/// <summary>How far a packet is filled with zeros before it is sealed, so that its length tells less (section 5.4.6).</summary>
public static class Padding
{
    public const int Multiple = 16;

    /// <summary>
    /// The padded length of a packet: the next multiple of 16, but never past the MTU. A packet larger than the MTU
    /// (whole segments of one that is split later) is padded as its last part would be, as the kernel does.
    /// </summary>
    /// <param name="mtu">The inside MTU; 0 if unknown.</param>
    public static int PaddedLength(int length, int mtu)
    {
        if (mtu <= 0)
        {
            return Align(length);
        }

        int last = length > mtu ? length % mtu : length;
        return length - last + Math.Min(mtu, Align(last));
    }

    private static int Align(int length) => (length + Multiple - 1) & -Multiple;
}
