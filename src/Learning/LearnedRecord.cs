namespace WgNet.Learning;

/// <summary>
/// What a peer keeps for each of its addresses; all else is in the table. Two halves: a <see cref="UInt128"/> would be aligned to
/// 16 bytes, and a third of the memory lost.
/// </summary>
internal readonly struct LearnedRecord(UInt128 address, long firstReceived)
{
    public readonly long FirstReceived = firstReceived;

    private readonly ulong _high = (ulong)(address >> 64);
    private readonly ulong _low = (ulong)address;

    public UInt128 Address => new(_high, _low);
}
