using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace WgNet.Learning;

/// <summary>
/// An array of slots, a power of two of them, open addressing with linear probing. A slot is four words, two slots are a cache
/// line, and an address begins its search at the beginning of a line:
/// <code>
///   | low | high | value | packets | low | high | value | packets |
/// </code>
/// <c>low</c> and <c>high</c> are written once: from 0 to the key's halves, in this order, by compare-and-swap. So the slots that
/// a search passes never become its own, and all searches for one key end at one slot: there cannot be two for it. A slot that is
/// <see cref="Closed"/> ends every search; what would come there, or after it, is in <see cref="Next"/>. The collector does not
/// look into the array, and never moves it.
/// </summary>
internal sealed class SlotArray
{
    /// <summary>What <c>low</c> and <c>high</c> are before they are written.</summary>
    public const ulong Empty = 0;

    /// <summary>What <c>low</c> is once no key can take the slot any more.</summary>
    public const ulong Closed = ulong.MaxValue;

    public const int Fewest = 64;

    private const int SlotWords = 4;
    private const int LineWords = 8;
    private const int SlotBytes = SlotWords * sizeof(ulong);
    private const int LineBytes = LineWords * sizeof(ulong);

    private readonly ulong[] _words;
    private readonly nuint _start;
    private readonly ulong _lineMask;
    private SlotArray? _next;
    private int _used;

    /// <param name="length">In slots; a power of two, at least <see cref="Fewest"/>.</param>
    public SlotArray(int length)
    {
        Length = length;
        _lineMask = ((ulong)length * SlotBytes) - LineBytes;
        _words = GC.AllocateArray<ulong>((length * SlotWords) + LineWords - 1, pinned: true);
        nint address = Marshal.UnsafeAddrOfPinnedArrayElement(_words, 0);
        _start = (nuint)(-address & (LineBytes - 1));
    }

    public int Length { get; }

    /// <summary>Slots with a key. Keys stay, so this never falls.</summary>
    public int Used => Volatile.Read(ref _used);

    /// <summary>Three quarters: beyond it, searches become long.</summary>
    public bool IsFilled => Used > Length / 4 * 3;

    /// <summary>The array that takes this one's place, once it began to; never changes again.</summary>
    public SlotArray? Next => Volatile.Read(ref _next);

    public MoveProgress Progress { get; } = new();

    /// <summary>The first word of a slot.</summary>
    public ref ulong Slot(int number) => ref At((nuint)number * SlotBytes);

    /// <summary>Of a slot's words, by its first.</summary>
    public static ref ulong High(ref ulong slot) => ref Unsafe.Add(ref slot, 1);

    public static ref ulong Value(ref ulong slot) => ref Unsafe.Add(ref slot, 2);

    public static ref ulong Packets(ref ulong slot) => ref Unsafe.Add(ref slot, 3);

    /// <summary>Sets <see cref="Next"/>, unless another thread was faster; returns it.</summary>
    public SlotArray Replace(SlotArray by) => Interlocked.CompareExchange(ref _next, by, null) ?? by;

    /// <summary>Has the line fetched in which the search for the key begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FetchFirstLine(scoped in SlotKey key) => CacheLine.Fetch(in At((nuint)(key.Hash & _lineMask)));

    /// <summary>Has the line fetched in which it goes on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FetchSecondLine(scoped in SlotKey key) => CacheLine.Fetch(in At((nuint)((key.Hash + LineBytes) & _lineMask)));

    /// <summary>
    /// The key's slot if it is in the line in which its search begins, as most are; or nothing. Both slots are compared before the one
    /// branch that depends on them, which nearly always goes the same way: so the processor runs ahead of a line that is on its way
    /// from memory.
    /// </summary>
    /// <param name="isAbsent">Nothing since the search ends in this line: the key is in no array.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref ulong FindInFirstLine(scoped in SlotKey key, out bool isAbsent)
    {
        ref ulong line = ref At((nuint)(key.Hash & _lineMask));

        // 4 where both words are equal, otherwise less.
        uint first = Vector128.Equals(Vector128.LoadUnsafe(ref line), key.Words).ExtractMostSignificantBits() + 1;
        uint second = Vector128.Equals(Vector128.LoadUnsafe(ref line, SlotWords), key.Words).ExtractMostSignificantBits() + 1;

        // What the caller reads of the slot is not older than its key.
        Volatile.ReadBarrier();
        isAbsent = false;
        if (((first | second) & SlotWords) != 0)
        {
            return ref Unsafe.Add(ref line, ~first & SlotWords);
        }

        isAbsent = Volatile.Read(ref line) != Closed && Volatile.Read(ref Unsafe.Add(ref line, SlotWords)) == Empty;
        return ref Unsafe.NullRef<ulong>();
    }

    /// <summary>The key's slot, or nothing. Writes nothing and takes at most as many steps as there are slots.</summary>
    /// <param name="isAbsent">Nothing, and it is in no later array either: the search ended at an empty slot.</param>
    public ref ulong Find(scoped in SlotKey key, out bool isAbsent)
    {
        isAbsent = false;
        int start = Start(key);
        for (int passed = 0; passed < Length; passed++)
        {
            ref ulong slot = ref Slot((start + passed) & (Length - 1));
            ulong low = Volatile.Read(ref slot);
            if (low == key.Low && Volatile.Read(ref High(ref slot)) == key.High)
            {
                return ref slot;
            }

            if (low is Empty or Closed)
            {
                isAbsent = low == Empty;
                break;
            }
        }

        return ref Unsafe.NullRef<ulong>();
    }

    /// <summary>The key's slot, which it takes if it has none; nothing if it cannot get one here.</summary>
    public ref ulong FindOrTake(scoped in SlotKey key) => ref FindOr(key.Low, key);

    /// <summary>The key's slot; or nothing, and it will never get one here.</summary>
    public ref ulong FindOrClose(scoped in SlotKey key) => ref FindOr(Closed, key);

    /// <summary>Whether the slot has a key, at least half of it; one that has none is closed, and never gets one.</summary>
    public static bool HasKeyOrCloses(ref ulong slot)
    {
        ulong low = Volatile.Read(ref slot);
        if (low == Empty)
        {
            low = Interlocked.CompareExchange(ref slot, Closed, Empty);
        }

        return low is not (Empty or Closed);
    }

    private ref ulong FindOr(ulong write, scoped in SlotKey key)
    {
        int start = Start(key);
        for (int passed = 0; passed < Length; passed++)
        {
            ref ulong slot = ref Slot((start + passed) & (Length - 1));
            ulong low = Volatile.Read(ref slot);
            if (low == Empty)
            {
                ulong seen = Interlocked.CompareExchange(ref slot, write, Empty);
                low = seen == Empty ? write : seen;
                if (seen == Empty && write != Closed)
                {
                    _ = Interlocked.Increment(ref _used);
                }
            }

            if (low == Closed)
            {
                break;
            }

            if (low == key.Low && TakesHigh(ref High(ref slot), key.High))
            {
                return ref slot;
            }
        }

        return ref Unsafe.NullRef<ulong>();
    }

    // A slot of which only the lower half is written is the next one's who has that half: any such key may complete it.
    private static bool TakesHigh(ref ulong word, ulong high)
    {
        ulong seen = Volatile.Read(ref word);
        if (seen == Empty)
        {
            seen = Interlocked.CompareExchange(ref word, high, Empty);
        }

        return seen == Empty || seen == high;
    }

    // A hash says which line: the number of its first byte.
    private int Start(scoped in SlotKey key) => (int)((key.Hash & _lineMask) / SlotBytes);

    // Without the check of bounds: the caller has masked the offset, and the array is longer by what alignment may take. The result
    // keeps the array alive.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ulong At(nuint offset)
    {
        Debug.Assert(offset < (nuint)Length * SlotBytes);
        return ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(_words), _start + offset);
    }
}
