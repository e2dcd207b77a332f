namespace WgNet.Routing;

/// <summary>
/// A path-compressed binary trie for one address family. One writer, any readers: a change is prepared aside and becomes
/// visible by one atomic store, so that a reader sees the trie from before or from after, and never waits.
/// </summary>
internal sealed class PrefixTrie<TOwner>
    where TOwner : class
{
    private PrefixNode<TOwner>? _root;

    /// <summary>The owner of the longest prefix that matches, and that prefix's length; null and −1 when none does.</summary>
    public TOwner? Lookup(ulong high, ulong low, out int length)
    {
        TOwner? owner = null;
        length = -1;
        PrefixNode<TOwner>? node = Volatile.Read(ref _root);
        while (node is not null && node.Matches(high, low))
        {
            if (node is PrefixEntry<TOwner> entry)
            {
                owner = entry.Owner;
                length = entry.Length;
                if (length == 128)
                {
                    break;
                }
            }

            node = Volatile.Read(ref node.Child(high, low));
        }

        return owner;
    }

    /// <summary>The entry for exactly this prefix: the one that was there, whoever owns it, or a new one.</summary>
    public PrefixEntry<TOwner> GetOrInsert(IpPrefix prefix, TOwner owner)
    {
        (ulong high, ulong low) = Key(prefix);
        ref PrefixNode<TOwner>? slot = ref _root;
        while (slot is { } node)
        {
            int common = Math.Min(node.CommonLength(high, low), prefix.Length);
            if (common < node.Length)
            {
                return Place(ref slot, prefix, owner, node, common);
            }

            if (node.Length == prefix.Length)
            {
                return node as PrefixEntry<TOwner> ?? Fill(ref slot, prefix, owner, node);
            }

            slot = ref node.Child(high, low);
        }

        PrefixEntry<TOwner> leaf = new(high, low, prefix.Length, prefix.IsIPv4, owner);
        Volatile.Write(ref slot, leaf);
        return leaf;
    }

    public PrefixEntry<TOwner>? Find(IpPrefix prefix)
    {
        (ulong high, ulong low) = Key(prefix);
        PrefixNode<TOwner>? node = _root;
        while (node is not null && node.Length < prefix.Length && node.Matches(high, low))
        {
            node = node.Child(high, low);
        }

        return node is PrefixEntry<TOwner> entry && entry.Length == prefix.Length && entry.Matches(high, low) ? entry : null;
    }

    /// <summary>Takes out an entry that is in the trie.</summary>
    public void Remove(PrefixEntry<TOwner> entry)
    {
        ref PrefixNode<TOwner>? parentSlot = ref _root;
        ref PrefixNode<TOwner>? slot = ref _root;
        PrefixNode<TOwner>? parent = null;
        while (!ReferenceEquals(slot, entry))
        {
            parentSlot = ref slot;
            parent = slot!;
            slot = ref parent.Child(entry.High, entry.Low);
        }

        if (entry.HasBoth(out PrefixNode<TOwner>? only))
        {
            PrefixNode<TOwner> fork = new(entry.High, entry.Low, entry.Length);
            fork.CopyChildrenFrom(entry);
            Volatile.Write(ref slot, fork);
        }
        else if (only is not null || parent is null or PrefixEntry<TOwner>)
        {
            Volatile.Write(ref slot, only);
        }
        else
        {
            // A fork with one way left is no fork: what is on the other side takes its place.
            Volatile.Write(ref parentSlot, parent.Child(~entry.High, ~entry.Low));
        }
    }

    // Left-aligned, so that both families share the code.
    private static (ulong High, ulong Low) Key(IpPrefix prefix) => prefix.IsIPv4
        ? ((ulong)prefix.Address << 32, 0)
        : ((ulong)(prefix.Address >> 64), (ulong)prefix.Address);

    // A fork that becomes a prefix of its own.
    private static PrefixEntry<TOwner> Fill(ref PrefixNode<TOwner>? slot, IpPrefix prefix, TOwner owner, PrefixNode<TOwner> fork)
    {
        PrefixEntry<TOwner> entry = new(fork.High, fork.Low, fork.Length, prefix.IsIPv4, owner);
        entry.CopyChildrenFrom(fork);
        Volatile.Write(ref slot, entry);
        return entry;
    }

    // The new prefix lies above the node, or beside it below a new fork.
    private static PrefixEntry<TOwner> Place(ref PrefixNode<TOwner>? slot, IpPrefix prefix, TOwner owner, PrefixNode<TOwner> node, int common)
    {
        (ulong high, ulong low) = Key(prefix);
        PrefixEntry<TOwner> entry = new(high, low, prefix.Length, prefix.IsIPv4, owner);
        PrefixNode<TOwner> above = entry;
        if (common < prefix.Length)
        {
            above = new PrefixNode<TOwner>(high, low, common);
            above.Child(high, low) = entry;
        }

        above.Child(node.High, node.Low) = node;
        Volatile.Write(ref slot, above);
        return entry;
    }
}
