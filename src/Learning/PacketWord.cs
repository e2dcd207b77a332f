namespace WgNet.Learning;

/// <summary>
/// A slot's count of packets, in one word:
/// <code>
///     63   | 62 .. 51 | 50 ........ 0
///   closed |   life   |    packets
/// </code>
/// A life is from one learning of an address to its end. Packets that were counted in one are never added to another.
/// </summary>
internal readonly record struct PacketWord(ulong Bits)
{
    private const int CountBits = 51;
    private const ulong MostPackets = (1UL << CountBits) - 1;
    private const ulong ClosedBit = 1UL << 63;
    private const int Lives = 1 << (63 - CountBits);

    /// <param name="life">Any number.</param>
    public PacketWord(uint life, long packets)
        : this(((1UL + (life % (Lives - 1))) << CountBits) | Math.Min((ulong)Math.Max(packets, 0), MostPackets))
    {
    }

    /// <summary>The slot is being moved: packets count in the next array.</summary>
    public bool IsClosed => (Bits & ClosedBit) != 0;

    /// <summary>Not 0 once the address was learned.</summary>
    public int Life => (int)(Bits >> CountBits) & (Lives - 1);

    public long Packets => (long)(Bits & MostPackets);

    /// <summary>A count that is full stays so.</summary>
    public PacketWord Add(long packets) => new((Bits & ~MostPackets) | Math.Min((ulong)Packets + (ulong)packets, MostPackets));

    public PacketWord Close() => new(Bits | ClosedBit);

    public PacketWord Open() => new(Bits & ~ClosedBit);
}
