using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace WgNet.Learning;

// An array that is filled, by living addresses or by those that were given up, is moved slot by slot to another one, whose size is
// that of the living. Any number of threads may move the same slot at once: each step of it happens once, whoever takes it.
internal sealed partial class LearnedTable
{
    // Slots that one more address moves on. A new array has room for a quarter of its length, and is a quarter of the old one's
    // length at least: with 16, the move is over when the new array is filled.
    private const int MovedPerAdd = 16;
    private const int ShrinkAtMost = 4;
    private const int Most = 1 << 28;

    /// <summary>Gives back memory that the living do not need. Not for the packet path: it goes through all of the table.</summary>
    public void Trim()
    {
        while (true)
        {
            SlotArray array = Volatile.Read(ref _current);
            if (array.Next is null && LengthFor(array) > array.Length / ShrinkAtMost)
            {
                return;
            }

            _ = Begin(array);
            MoveAll(array);
        }
    }

    // After an address was added: begins a move, or does a share of one.
    private void MoveOn()
    {
        SlotArray array = Volatile.Read(ref _current);
        if (array.Next is null)
        {
            if (!array.IsFilled || !array.Progress.TryBegin())
            {
                return;
            }

            _ = Begin(array);
        }

        (int start, int end) = array.Progress.Take(MovedPerAdd, array.Length);
        MoveRange(array, start, end);
        if (array.Progress.Done(end - start, array.Length))
        {
            _ = Interlocked.CompareExchange(ref _current, array.Next!, array);
        }
        else if (array.Next!.IsFilled)
        {
            // A thread that was stopped amid its share must not stop all others.
            MoveAll(array);
        }
    }

    private SlotArray Begin(SlotArray array) => array.Next ?? array.Replace(new SlotArray(LengthFor(array)));

    // At most half full at the start, and if the length allows it more than a quarter.
    private int LengthFor(SlotArray array)
    {
        int length = Math.Max(SlotArray.Fewest, array.Length / ShrinkAtMost);
        while (length < Most && length / 2 < Count)
        {
            length *= 2;
        }

        return length;
    }

    private void MoveAll(SlotArray array)
    {
        MoveRange(array, 0, array.Length);
        _ = Interlocked.CompareExchange(ref _current, array.Next!, array);
    }

    private void MoveRange(SlotArray array, int start, int end)
    {
        for (int i = start; i < end; i++)
        {
            ref ulong slot = ref array.Slot(i);
            if (SlotArray.HasKeyOrCloses(ref slot))
            {
                Move(array, ref slot);
            }
        }
    }

    // Makes the slot gone: when this returns, the next array has the say about its key.
    private void Move(SlotArray array, ref ulong slot)
    {
        while (true)
        {
            Found found = new(array, ref slot);
            LearnedWord word = found.Word;
            if (word.IsGone)
            {
                return;
            }

            if (!word.IsLive)
            {
                if (found.TryReplace(word == LearnedWord.None ? LearnedWord.Sealed : LearnedWord.Moved))
                {
                    return;
                }
            }
            else if (word.IsFrozen)
            {
                Copy(found);
                _ = found.TryReplace(LearnedWord.Moved);
                return;
            }
            else
            {
                _ = found.TryReplace(word.Freeze());
            }
        }
    }

    // Puts a frozen slot's content into the next array, unless it is or was there: a slot of that one which has ever said anything
    // about the key got it from a thread that was faster, and what became of it since is none of this one's business.
    internal void Copy(in Found from)
    {
        PacketWord packets = from.ClosePackets();
        Vector128<ulong> words = Vector128.Create(from.Slot, Volatile.Read(ref SlotArray.High(ref from.Slot)));
        SlotKey key = new(words, _hash.Compute(words));
        SlotArray array = from.Array!.Next!;
        while (true)
        {
            ref ulong slot = ref array.FindOrTake(key);
            if (!Unsafe.IsNullRef(ref slot))
            {
                ulong seen = Interlocked.CompareExchange(ref SlotArray.Value(ref slot), from.Word.Thaw().Bits, LearnedWord.None.Bits);
                if (seen != LearnedWord.Sealed.Bits)
                {
                    _ = Interlocked.CompareExchange(ref SlotArray.Packets(ref slot), packets.Bits, 0);
                    return;
                }
            }

            // Sealed, so nobody has copied it to here, and nobody will.
            array = array.Next ?? Begin(array);
        }
    }
}
