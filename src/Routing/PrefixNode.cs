using System.Numerics;

namespace WgNet.Routing;

/// <summary>
/// A place in a <see cref="PrefixTrie{TOwner}"/> where two longer prefixes part. Keys are left-aligned: an IPv4 address lies in
/// the upper 32 of the 128 bits. The key never changes; the two children are written by the one writer and read by anybody.
/// </summary>
internal class PrefixNode<TOwner>(ulong high, ulong low, int length)
    where TOwner : class
{
    public readonly ulong High = high;
    public readonly ulong Low = low;
    public readonly byte Length = (byte)length;

    private PrefixNode<TOwner>? _zero;
    private PrefixNode<TOwner>? _one;

    /// <summary>Where the prefixes go on that have the key's next bit. Only for a node shorter than the key.</summary>
    public ref PrefixNode<TOwner>? Child(ulong high, ulong low)
    {
        ulong bit = Length < 64 ? high << Length : low << (Length - 64);
        return ref (long)bit < 0 ? ref _one : ref _zero;
    }

    public void CopyChildrenFrom(PrefixNode<TOwner> other)
    {
        _zero = other._zero;
        _one = other._one;
    }

    /// <summary>Whether two ways go on from here; if not, <paramref name="only"/> is the one that does, or null.</summary>
    public bool HasBoth(out PrefixNode<TOwner>? only)
    {
        only = _zero ?? _one;
        return _zero is not null && _one is not null;
    }

    public bool Matches(ulong high, ulong low) => Length <= 64
        ? Length == 0 || (high ^ High) >> (64 - Length) == 0
        : high == High && (low ^ Low) >> (128 - Length) == 0;

    /// <summary>How many leading bits the node and a key have in common, 128 at most.</summary>
    public int CommonLength(ulong high, ulong low) => high != High
        ? BitOperations.LeadingZeroCount(high ^ High)
        : 64 + BitOperations.LeadingZeroCount(low ^ Low);
}

/// <summary>A node that stands for a configured prefix. It is also a link in the list of its owner's prefixes.</summary>
internal sealed class PrefixEntry<TOwner>(ulong high, ulong low, int length, bool isIPv4, TOwner owner) : PrefixNode<TOwner>(high, low, length)
    where TOwner : class
{
    public readonly bool IsIPv4 = isIPv4;

    // The list is for the writer alone.
    public PrefixEntry<TOwner>? Previous;
    public PrefixEntry<TOwner>? Next;
    public bool IsListed;

    private TOwner _owner = owner;

    public TOwner Owner
    {
        get => Volatile.Read(ref _owner);
        set => Volatile.Write(ref _owner, value);
    }

    public IpPrefix Prefix => new(IsIPv4 ? High >> 32 : new UInt128(High, Low), Length, IsIPv4);
}
