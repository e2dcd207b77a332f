using System.Runtime.CompilerServices;

namespace WgNet.Learning;

/// <summary>
/// Address to owner, exact match, at most one owner an address. Lock-free: look-ups never wait, write or allocate; changes are a
/// compare-and-swap of one word. It grows and shrinks by moving slot after slot to another array while everything goes on: see
/// docs/adr/0001-learned-table.md for why this is right.
/// </summary>
/// <param name="hash">By the secret of this table.</param>
internal sealed partial class LearnedTable(AddressHash hash)
{
    private readonly AddressHash _hash = hash;
    private SlotArray _current = new(SlotArray.Fewest);
    private int _count;
    private uint _lives;

    /// <summary>Addresses that somebody owns.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Slots of the array in which a search begins.</summary>
    public int Length => Volatile.Read(ref _current).Length;

    /// <summary>False for addresses that this table cannot hold; with random secrets, there are none that one would meet.</summary>
    public bool CanHold(UInt128 address) => _hash.KeyOf(address).IsStorable;

    /// <summary>The slot that has the say about the address, and what it says; nothing, which is not live, if there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Found Find(UInt128 address) => _hash.IsAes ? Find(_hash.KeyByAesOf(address)) : FindFurther(_hash.KeyOf(address));

    /// <summary>The same, by the address's key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Found Find(SlotKey key)
    {
        SlotArray array = Volatile.Read(ref _current);
        ref ulong slot = ref array.FindInFirstLine(key, out bool isAbsent);
        if (!Unsafe.IsNullRef(ref slot))
        {
            Found found = new(array, ref slot);
            if (!found.Word.IsGone)
            {
                return found;
            }
        }

        return isAbsent ? default : FindFurther(key);
    }

    /// <summary>The addresses' keys. The lines in which the searches for them begin are on their way from memory then.</summary>
    public void Approach(ReadOnlySpan<UInt128> addresses, Span<SlotKey> keys)
    {
        _hash.KeysOf(addresses, keys);
        SlotArray array = Volatile.Read(ref _current);
        foreach (ref readonly SlotKey key in keys)
        {
            array.FetchFirstLine(key);
        }
    }

    /// <summary>
    /// What the table most likely says about the address. Where that does not show in the first line, the second one is on its way
    /// from memory then.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public LearnedWord Glance(scoped in SlotKey key)
    {
        SlotArray array = Volatile.Read(ref _current);
        ref ulong slot = ref array.FindInFirstLine(key, out bool isAbsent);
        if (!Unsafe.IsNullRef(ref slot))
        {
            return new Found(array, ref slot).Word;
        }

        if (!isAbsent)
        {
            array.FetchSecondLine(key);
        }

        return LearnedWord.None;
    }

    public UInt128 AddressOf(in SlotKey key) => _hash.AddressOf(key);

    /// <summary>
    /// Notes a packet received from a live address. It tries once in an array: where it fails and the slot is not being moved,
    /// another thread has just noted a packet, or the address is nobody's any more.
    /// </summary>
    public void Refresh(UInt128 address, Found found, long now)
    {
        int owner = found.Word.Owner;
        while (found.Word.IsLive && found.Word.Owner == owner && found.Word.IsStale(now, after: 1))
        {
            if (found.Word.IsFrozen)
            {
                Move(found.Array!, ref found.Slot);
            }
            else if (found.TryReplace(found.Word.WithLastReceived(now)) || found.ReadAgain() is { IsFrozen: false, IsGone: false })
            {
                return;
            }

            found = Find(address);
        }
    }

    /// <summary>
    /// Makes the address the owner's if it is nobody's. Otherwise nothing changes, and what is said of it is returned.
    /// </summary>
    /// <param name="address">One that the table can hold.</param>
    public LearnedWord TryAdd(UInt128 address, LearnedWord added, long packets = 0)
    {
        SlotKey key = _hash.KeyOf(address);
        SlotArray array = Volatile.Read(ref _current);
        while (true)
        {
            // An array that is being moved takes no more keys: each would have to be moved, too.
            bool isMoving = array.Next is not null;
            ref ulong slot = ref isMoving ? ref array.FindOrClose(key) : ref array.FindOrTake(key);
            if (Unsafe.IsNullRef(ref slot))
            {
                array = array.Next ?? Begin(array);
                continue;
            }

            Found found = new(array, ref slot);
            if (found.Word.IsLive)
            {
                return found.Word;
            }

            if (isMoving || found.Word.IsGone)
            {
                Move(array, ref slot);
                array = array.Next!;
            }
            else if (found.TryReplace(added))
            {
                break;
            }
        }

        SetPackets(address, new PacketWord(Interlocked.Increment(ref _lives), packets));
        _ = Interlocked.Increment(ref _count);
        MoveOn();
        return LearnedWord.None;
    }

    /// <summary>Whether this call made the address nobody's: after it, no look-up finds it.</summary>
    public bool Remove(UInt128 address, int owner)
    {
        bool removed = TryChange(address, owner, now: 0, static (_, _) => LearnedWord.Dead);
        if (removed)
        {
            _ = Interlocked.Decrement(ref _count);
        }

        return removed;
    }

    public bool Pin(UInt128 address, int owner) =>
        TryChange(address, owner, now: 0, static (word, _) => LearnedWord.Live(word.Owner, word.LastReceived, isPinned: true));

    public bool Unpin(UInt128 address, int owner, long now) =>
        TryChange(address, owner, now, static (word, now) => LearnedWord.Live(word.Owner, now, isPinned: false));

    /// <summary>The packets counted in the address's present life.</summary>
    public PacketWord Packets(UInt128 address)
    {
        while (TryReadPackets(address, out _, out PacketWord packets))
        {
            if (!packets.IsClosed)
            {
                return packets;
            }
        }

        return default;
    }

    /// <summary>Counts packets, if the address is in that life still.</summary>
    public void AddPackets(UInt128 address, int life, long packets)
    {
        while (TryReadPackets(address, out Found found, out PacketWord before))
        {
            if (!before.IsClosed && (before.Life != life || found.TryReplacePackets(before, before.Add(packets))))
            {
                return;
            }
        }
    }

    // The first thing in an address's life. Only its owner can end it, and the owner is the caller.
    private void SetPackets(UInt128 address, PacketWord packets)
    {
        while (TryReadPackets(address, out Found found, out PacketWord before)
            && (before.IsClosed || !found.TryReplacePackets(before, packets)))
        {
        }
    }

    // A closed count has gone on where the slot has been moved to when this returns. False if the address is nobody's.
    private bool TryReadPackets(UInt128 address, out Found found, out PacketWord packets)
    {
        found = Find(address);
        packets = default;
        if (!found.Word.IsLive)
        {
            return false;
        }

        packets = found.ReadPackets();
        if (packets.IsClosed)
        {
            Move(found.Array!, ref found.Slot);
        }

        return true;
    }

    // The whole search. A gone slot, and a closed one at the end of a search, say "ask the next array".
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Found FindFurther(SlotKey key)
    {
        for (SlotArray? array = Volatile.Read(ref _current); array is not null; array = array.Next)
        {
            ref ulong slot = ref array.Find(key, out bool isAbsent);
            if (isAbsent)
            {
                break;
            }

            if (!Unsafe.IsNullRef(ref slot))
            {
                Found found = new(array, ref slot);
                if (!found.Word.IsGone)
                {
                    return found;
                }
            }
        }

        return default;
    }

    // Changes what is said of the owner's address, wherever it is; false if it is not the owner's.
    private bool TryChange(UInt128 address, int owner, long now, Func<LearnedWord, long, LearnedWord> change)
    {
        while (true)
        {
            Found found = Find(address);
            if (!found.Word.IsLive || found.Word.Owner != owner)
            {
                return false;
            }

            if (found.Word.IsFrozen)
            {
                Move(found.Array!, ref found.Slot);
            }
            else if (found.TryReplace(change(found.Word, now)))
            {
                return true;
            }
        }
    }
}
