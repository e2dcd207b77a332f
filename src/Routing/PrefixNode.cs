using System.Numerics;

namespace WgNet.Routing;

/// <summary>A prefix's owner, for readers, and its place in the list of the owner's prefixes, for the writer.</summary>
internal readonly struct PrefixEntry<TOwner>(TOwner owner, int place)
    where TOwner : class
{
    public readonly TOwner? Owner = owner;
    public readonly int Place = place;
}

/// <summary>
/// Six levels of a binary trie in 64 bytes ("tree bitmap", Eatherton, Varghese and Dittia 2004). The node at depth d, a multiple of
/// six, holds the prefixes of d + 1 to d + 6 bits that begin with its key, and leads on to longer ones. Levels on which nothing
/// parts are left out, so that the key has to be compared. A node lies in its parent's array: one cache miss a level.
/// </summary>
/// <remarks>
/// A prefix of d + r bits has the index <c>1 followed by its last r bits</c>, as in a heap: 2 and 3 for r = 1, 64 to 127 for r = 6; 1 is
/// the prefix of no bits, in the root alone. The higher of two matching indices is the longer prefix. The arrays hold only what
/// exists: a bit's place is the number of set bits below it.
/// </remarks>
internal struct PrefixNode<TOwner>
    where TOwner : class
{
    public const int Stride = 6;

    private readonly PrefixKey _key;

    // Which indices have an entry, below 64 and from there on.
    private ulong _shorter;
    private ulong _longest;
    private ulong _kidMap;
    private PrefixEntry<TOwner>[]? _entries;
    private PrefixNode<TOwner>[]? _kids;

    // The edit that made _kids, and in the low byte the depth.
    private long _stamp;

    public PrefixNode(PrefixKey key, int depth)
    {
        _key = key;
        _stamp = depth;
    }

    public readonly PrefixKey Key => _key;

    public readonly int Depth => (byte)_stamp;

    public readonly bool HasEntries => (_shorter | _longest) != 0;

    public readonly int KidCount => BitOperations.PopCount(_kidMap);

    public readonly PrefixNode<TOwner> FirstKid => _kids![0];

    /// <summary>The depth of the node that holds prefixes of this length.</summary>
    public static int DepthOf(int length) => length == 0 ? 0 : (length - 1) / Stride * Stride;

    /// <summary>Where a prefix of this length is in the node that holds it.</summary>
    public static int Index(PrefixKey key, int length)
    {
        int depth = DepthOf(length);
        int bits = length - depth;
        return (1 << bits) | (key.Chunk(depth) >> (Stride - bits));
    }

    /// <summary>The index of the longest prefix here that begins an address with these six bits; 0 if there is none.</summary>
    public readonly int LongestMatch(int chunk)
    {
        if (((_longest >> chunk) & 1) != 0)
        {
            return 64 + chunk;
        }

        ulong matches = _shorter & PrefixMasks.Ancestors[chunk];
        return matches == 0 ? 0 : BitOperations.Log2(matches);
    }

    public readonly bool HasEntry(int index) => (((index < 64 ? _shorter : _longest) >> index) & 1) != 0;

    public readonly ref readonly PrefixEntry<TOwner> Entry(int index) => ref _entries![EntryRank(index)];

    public readonly bool HasKid(int chunk) => ((_kidMap >> chunk) & 1) != 0;

    public readonly ref readonly PrefixNode<TOwner> Kid(int chunk) => ref _kids![KidRank(chunk)];

    // From here on for the writer. Arrays of entries never change; an array of kids changes only within the edit that made it.

    /// <summary>Adds the entry, or puts it in place of the one that was there.</summary>
    public void SetEntry(int index, PrefixEntry<TOwner> entry)
    {
        int rank = EntryRank(index);
        if (HasEntry(index))
        {
            _entries = [.. _entries!];
            _entries[rank] = entry;
            return;
        }

        _entries = Inserted(_entries, rank, entry);
        (index < 64 ? ref _shorter : ref _longest) |= 1UL << index;
    }

    public void RemoveEntry(int index)
    {
        _entries = Without(_entries!, EntryRank(index));
        (index < 64 ? ref _shorter : ref _longest) &= ~(1UL << index);
    }

    public void AddKid(int chunk, PrefixNode<TOwner> kid, long edit)
    {
        int count = KidCount;
        int rank = KidRank(chunk);
        PrefixNode<TOwner>[] kids = KidsToChange(edit, count + 1);
        kids.AsSpan(rank, count - rank).CopyTo(kids.AsSpan(rank + 1));
        kids[rank] = kid;
        _kidMap |= 1UL << chunk;
    }

    public void RemoveKid(int chunk, long edit)
    {
        int count = KidCount;
        int rank = KidRank(chunk);
        PrefixNode<TOwner>[] kids = KidsToChange(edit, count);
        kids.AsSpan(rank + 1, count - rank - 1).CopyTo(kids.AsSpan(rank));
        kids[count - 1] = default;
        _kidMap &= ~(1UL << chunk);
    }

    /// <summary>The kid, for this edit to change.</summary>
    public ref PrefixNode<TOwner> KidToChange(int chunk, long edit) => ref KidsToChange(edit, KidCount)[KidRank(chunk)];

    // An array that no reader has, with room for so many. Room for up to seven more where there are many, so that a million
    // insertions do not copy an array each.
    private PrefixNode<TOwner>[] KidsToChange(long edit, int count)
    {
        if (_kids is null || _kids.Length < count || _stamp >> 8 != edit)
        {
            var copy = new PrefixNode<TOwner>[count <= 8 ? count : (count + 7) & ~7];
            _kids.AsSpan(0, KidCount).CopyTo(copy);
            _kids = copy;
            _stamp = (edit << 8) | (byte)_stamp;
        }

        return _kids;
    }

    private static T[] Inserted<T>(T[]? array, int at, T item)
    {
        ReadOnlySpan<T> old = array;
        var larger = new T[old.Length + 1];
        old[..at].CopyTo(larger);
        larger[at] = item;
        old[at..].CopyTo(larger.AsSpan(at + 1));
        return larger;
    }

    private static T[]? Without<T>(T[] array, int at)
    {
        if (array.Length == 1)
        {
            return null;
        }

        var smaller = new T[array.Length - 1];
        array.AsSpan(0, at).CopyTo(smaller);
        array.AsSpan(at + 1).CopyTo(smaller.AsSpan(at));
        return smaller;
    }

    private readonly int KidRank(int chunk) => CountBelow(_kidMap, chunk);

    private readonly int EntryRank(int index) => index < 64
        ? CountBelow(_shorter, index)
        : BitOperations.PopCount(_shorter) + CountBelow(_longest, index);

    // C# takes shift counts modulo 64, which makes an index from 64 on the chunk that it stands for.
    private static int CountBelow(ulong map, int bit) => BitOperations.PopCount(map & ((1UL << bit) - 1));
}

internal static class PrefixMasks
{
    /// <summary>For six bits of an address, the indices below 64 of the prefixes that begin with none to five of them.</summary>
    public static readonly ulong[] Ancestors = [.. Enumerable.Range(64, 64)
        .Select(leaf => Enumerable.Range(1, PrefixNode<object>.Stride).Aggregate(0UL, (mask, bits) => mask | (1UL << (leaf >> bits))))];
}
