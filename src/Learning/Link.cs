using System.Diagnostics.CodeAnalysis;

namespace WgNet.Learning;

/// <summary>
/// A bucket of the table: an immutable list, so that the bucket changes by one compare-and-swap of its head, and a head that
/// is back is a content that is back (no ABA problem).
/// </summary>
internal sealed class Link<TPeer>
    where TPeer : class
{
    /// <summary>The end of every list. Not null: null is a bucket of a growing table that was not moved yet.</summary>
    public static readonly Link<TPeer> Empty = new(null, null, isFrozen: false);

    private readonly LearnedEntry<TPeer>? _entry;
    private readonly Link<TPeer>? _next;

    private Link(LearnedEntry<TPeer>? entry, Link<TPeer>? next, bool isFrozen)
    {
        _entry = entry;
        _next = next;
        IsFrozen = isFrozen;
    }

    /// <summary>The bucket's content is final, and lives on in the next, larger array of buckets.</summary>
    public bool IsFrozen { get; }

    public Link<TPeer> Prepend(LearnedEntry<TPeer> entry) => new(entry, this, isFrozen: false);

    public Link<TPeer> Freeze() => new(null, this, isFrozen: true);

    public LearnedEntry<TPeer>? Find(UInt128 address)
    {
        for (Link<TPeer>? link = this; link is not null; link = link._next)
        {
            if (link._entry is { } entry && entry.Address == address)
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>False if the entry is not in the list; otherwise the list that lacks it.</summary>
    public bool TryRemove(LearnedEntry<TPeer> entry, [NotNullWhen(true)] out Link<TPeer>? without)
    {
        without = null;
        if (_entry == entry)
        {
            without = _next!;
            return true;
        }

        if (_next is null || !_next.TryRemove(entry, out Link<TPeer>? rest))
        {
            return false;
        }

        without = new Link<TPeer>(_entry, rest, isFrozen: false);
        return true;
    }

    /// <summary>The entries whose hash has the bit, or has it not.</summary>
    public Link<TPeer> Where(AddressHash hash, ulong bit, bool isSet)
    {
        Link<TPeer> kept = Empty;
        for (Link<TPeer>? link = this; link is not null; link = link._next)
        {
            if (link._entry is { } entry && (hash.Compute(entry.Address) & bit) != 0 == isSet)
            {
                kept = kept.Prepend(entry);
            }
        }

        return kept;
    }
}
