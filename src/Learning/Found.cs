using System.Runtime.CompilerServices;

namespace WgNet.Learning;

/// <summary>
/// What a search found: the slot that has the say about an address, and what it said. Nothing where there is no such slot.
/// </summary>
internal readonly ref struct Found
{
    /// <summary>Null where there is no slot.</summary>
    public readonly SlotArray? Array;

    public readonly LearnedWord Word;

    private readonly ref ulong _slot;

    /// <param name="slot">One of which the key is complete.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Found(SlotArray array, ref ulong slot)
    {
        Array = array;
        _slot = ref slot;
        Word = new LearnedWord(Volatile.Read(ref SlotArray.Value(ref slot)));
    }

    public ref ulong Slot => ref _slot;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public LearnedWord ReadAgain() => new(Volatile.Read(ref SlotArray.Value(ref _slot)));

    /// <summary>False if the slot says something else now.</summary>
    public bool TryReplace(LearnedWord after) =>
        Interlocked.CompareExchange(ref SlotArray.Value(ref _slot), after.Bits, Word.Bits) == Word.Bits;

    public PacketWord ReadPackets() => new(Volatile.Read(ref SlotArray.Packets(ref _slot)));

    public bool TryReplacePackets(PacketWord before, PacketWord after) =>
        Interlocked.CompareExchange(ref SlotArray.Packets(ref _slot), after.Bits, before.Bits) == before.Bits;

    /// <summary>Lets nobody count here any more; returns the final count.</summary>
    public PacketWord ClosePackets() =>
        new PacketWord(Interlocked.Or(ref SlotArray.Packets(ref _slot), default(PacketWord).Close().Bits)).Open();
}
