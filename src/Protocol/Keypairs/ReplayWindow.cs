using System.Runtime.CompilerServices;

namespace WgNet.Protocol;

/// <summary>
/// Which counters a keypair has received (RFC 6479): a ring of 64-bit words that slides by whole words, so that moving
/// on means clearing the words that were entered and never shifting bits. Packets may be reordered by up to
/// <see cref="Size"/> counters. A mutable value, for one thread at a time; ask only about counters whose tag was verified.
/// </summary>
internal struct ReplayWindow
{
    /// <summary>One word less than the ring has bits, since the newest word is filled only in part.</summary>
    public const int Size = RingBits - WordBits;

    private const int WordBits = 64;
    private const int RingBits = 8192;
    private const int RingWords = RingBits / WordBits;

    // Until a counter leaves the first word, which a peer that only keeps its session alive does not do before the next keypair,
    // that word stands here alone. The ring is a kilobyte.
    private ulong[]? _ring;
    private ulong _firstWord;
    private ulong _greatest;

    /// <summary>True, once, for a counter that is new and not too old.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAccept(ulong counter)
    {
        if (counter >= Constants.RejectAfterMessages)
        {
            return false;
        }

        if (_ring is null)
        {
            if (counter < WordBits)
            {
                return Mark(ref _firstWord, counter);
            }

            _ring = new ulong[RingWords];
            _ring[0] = _firstWord;
        }

        if (counter > _greatest)
        {
            Advance(counter);
        }
        else if (_greatest - counter > Size)
        {
            return false;
        }

        return Mark(ref _ring[counter / WordBits % RingWords], counter);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Mark(ref ulong word, ulong counter)
    {
        ulong bit = 1UL << (int)(counter % WordBits);
        bool isNew = (word & bit) == 0;
        word |= bit;
        return isNew;
    }

    private void Advance(ulong counter)
    {
        ulong newest = _greatest / WordBits;
        ulong entered = Math.Min((counter / WordBits) - newest, RingWords);
        for (ulong i = 1; i <= entered; i++)
        {
            _ring![(newest + i) % RingWords] = 0;
        }

        _greatest = counter;
    }
}
