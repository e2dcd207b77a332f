using System.Numerics;

namespace WgNet.Routing;

/// <summary>
/// The prefixes of both families and their owners at one moment. Once readers have it, nothing that it leads to changes any more:
/// an edit begins with a copy of the two roots, copies what lies on the way to what it changes, and shares the rest.
/// docs/adr/0012 says why.
/// </summary>
internal sealed class PrefixTries<TOwner>
    where TOwner : class
{
    // Nodes that this very edit made carry its number and may be changed in place until it is published.
    private readonly long _edit;
    private PrefixNode<TOwner> _ipv4;
    private PrefixNode<TOwner> _ipv6;

    /// <summary>Without any prefix.</summary>
    public PrefixTries()
    {
    }

    /// <summary>An edit of the last one, of which it is the only one.</summary>
    public PrefixTries(PrefixTries<TOwner> last)
    {
        _edit = last._edit + 1;
        _ipv4 = last._ipv4;
        _ipv6 = last._ipv6;
    }

    public TOwner? LookupIPv4(uint address) => Lookup(ref _ipv4, new PrefixKey((ulong)address << 32, 0), out _);

    /// <inheritdoc cref="Lookup"/>
    public TOwner? LookupIPv6(UInt128 address, out int length) =>
        Lookup(ref _ipv6, new PrefixKey((ulong)(address >> 64), (ulong)address), out length);

    /// <summary>The entry of exactly this prefix; without an owner if there is none.</summary>
    public PrefixEntry<TOwner> Find(IpPrefix prefix)
    {
        var key = new PrefixKey(prefix);
        int depth = PrefixNode<TOwner>.DepthOf(prefix.Length);
        ref readonly PrefixNode<TOwner> node = ref Root(prefix);
        while (node.Depth < depth && node.HasKid(key.Chunk(node.Depth)))
        {
            node = ref node.Kid(key.Chunk(node.Depth));
        }

        int index = PrefixNode<TOwner>.Index(key, prefix.Length);
        return node.Depth == depth && node.Key.Agrees(key, depth) && node.HasEntry(index) ? node.Entry(index) : default;
    }

    /// <summary>Adds the prefix, or changes its entry.</summary>
    public void Set(IpPrefix prefix, PrefixEntry<TOwner> entry)
    {
        var key = new PrefixKey(prefix);
        int depth = PrefixNode<TOwner>.DepthOf(prefix.Length);
        ref PrefixNode<TOwner> node = ref Root(prefix);
        while (true)
        {
            int shared = Math.Min(depth, PrefixNode<TOwner>.DepthOf(node.Key.CommonLength(key) + 1));
            if (shared < node.Depth)
            {
                var fork = new PrefixNode<TOwner>(key, shared);
                fork.AddKid(node.Key.Chunk(shared), node, _edit);
                node = fork;
            }

            if (node.Depth == depth)
            {
                node.SetEntry(PrefixNode<TOwner>.Index(key, prefix.Length), entry);
                return;
            }

            int chunk = key.Chunk(node.Depth);
            if (!node.HasKid(chunk))
            {
                var leaf = new PrefixNode<TOwner>(key, depth);
                leaf.SetEntry(PrefixNode<TOwner>.Index(key, prefix.Length), entry);
                node.AddKid(chunk, leaf, _edit);
                return;
            }

            node = ref node.KidToChange(chunk, _edit);
        }
    }

    /// <summary>Takes out a prefix that has an entry.</summary>
    public void Remove(IpPrefix prefix) => Remove(ref Root(prefix), new PrefixKey(prefix), prefix.Length);

    private static TOwner? Lookup(ref readonly PrefixNode<TOwner> root, PrefixKey address, out int length)
    {
        ref readonly PrefixNode<TOwner> node = ref root;
        ref readonly PrefixNode<TOwner> best = ref root;
        int match = 0;
        while (node.Key.Agrees(address, node.Depth))
        {
            int chunk = address.Chunk(node.Depth);
            int longer = node.LongestMatch(chunk);
            if (longer != 0)
            {
                best = ref node;
                match = longer;
            }

            if (!node.HasKid(chunk))
            {
                break;
            }

            node = ref node.Kid(chunk);
        }

        if (match == 0)
        {
            length = -1;
            return null;
        }

        length = best.Depth + BitOperations.Log2((uint)match);
        return best.Entry(match).Owner;
    }

    // A node other than the root holds an entry or parts two ways; what no longer does goes on the way back up.
    private void Remove(ref PrefixNode<TOwner> node, PrefixKey key, int length)
    {
        if (node.Depth == PrefixNode<TOwner>.DepthOf(length))
        {
            node.RemoveEntry(PrefixNode<TOwner>.Index(key, length));
            return;
        }

        int chunk = key.Chunk(node.Depth);
        ref PrefixNode<TOwner> kid = ref node.KidToChange(chunk, _edit);
        Remove(ref kid, key, length);
        if (kid.HasEntries || kid.KidCount > 1)
        {
            return;
        }

        if (kid.KidCount == 1)
        {
            kid = kid.FirstKid;
        }
        else
        {
            node.RemoveKid(chunk, _edit);
        }
    }

    private ref PrefixNode<TOwner> Root(IpPrefix prefix) => ref prefix.IsIPv4 ? ref _ipv4 : ref _ipv6;
}
