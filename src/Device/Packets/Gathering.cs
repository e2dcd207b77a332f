namespace WgNet.Device;

/// <summary>
/// How many packets are sealed or opened at once: whole groups of eight, which is what the widest vectors take of one length, and
/// no more bytes than stay in the first-level cache from being laid out to being sealed, or from being opened to being passed on.
/// </summary>
internal static class Gathering
{
    public const int MostPackets = 64;

    private const int Group = 8;
    private const int MostBytes = 24 << 10;

    /// <summary>Whether what is gathered goes before a packet of <paramref name="length"/> is added.</summary>
    public static bool IsFull(int packets, int bytes, int length) =>
        packets == MostPackets
        || bytes + length > MostBytes
        || (packets > 0 && packets % Group == 0 && bytes + (Group * length) > MostBytes);
}
