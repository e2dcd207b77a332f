using System.Diagnostics.CodeAnalysis;

namespace WgNet.Routing;

/// <summary>
/// Cryptokey routing (whitepaper section 2): which peer owns a prefix. Lookups take the longest match, may run on any thread at
/// any time, never wait and never allocate. Everything else is for one writer at a time.
/// </summary>
public sealed class AllowedIps<TPeer>
    where TPeer : class
{
    private readonly PrefixTrie<TPeer> _ipv4 = new();
    private readonly PrefixTrie<TPeer> _ipv6 = new();
    private readonly Dictionary<TPeer, OwnedPrefixes> _owned = new(ReferenceEqualityComparer.Instance);

    public TPeer? LookupIPv4(uint destination) => _ipv4.Lookup((ulong)destination << 32, 0, out _);

    public TPeer? LookupIPv6(UInt128 destination) => LookupIPv6(destination, out _);

    /// <param name="prefixLength">The length of the prefix that decided; −1 when none matches.</param>
    public TPeer? LookupIPv6(UInt128 address, out int prefixLength) =>
        _ipv6.Lookup((ulong)(address >> 64), (ulong)address, out prefixLength);

    /// <summary>Gives the prefix to the peer, taking it from another one that had it.</summary>
    public void Insert(IpPrefix prefix, TPeer peer) => Insert(prefix, peer, out _);

    /// <param name="previous">The other peer that had this very prefix; null if none had.</param>
    public void Insert(IpPrefix prefix, TPeer peer, out TPeer? previous)
    {
        PrefixEntry<TPeer> entry = Trie(prefix).GetOrInsert(prefix, peer);
        previous = null;
        if (entry.Owner != peer)
        {
            previous = entry.Owner;
            Unlink(entry);
            entry.Owner = peer;
        }
        else if (entry.IsListed)
        {
            return;
        }

        if (!_owned.TryGetValue(peer, out OwnedPrefixes? owned))
        {
            _owned.Add(peer, owned = new OwnedPrefixes());
        }

        owned.Append(entry);
    }

    /// <summary>Whether this very prefix, not a longer or shorter one, is the peer's.</summary>
    public bool Owns(IpPrefix prefix, TPeer peer) => Trie(prefix).Find(prefix)?.Owner == peer;

    /// <summary>Takes the prefix from the peer; false, and nothing is changed, if this very prefix is not the peer's.</summary>
    public bool Remove(IpPrefix prefix, TPeer peer)
    {
        if (Trie(prefix).Find(prefix) is not { } entry || entry.Owner != peer)
        {
            return false;
        }

        Trie(prefix).Remove(entry);
        Unlink(entry);
        return true;
    }

    /// <summary>Takes all its prefixes from the peer, in time proportional to their number.</summary>
    public void RemovePeer(TPeer peer)
    {
        if (!_owned.Remove(peer, out OwnedPrefixes? owned))
        {
            return;
        }

        for (PrefixEntry<TPeer>? entry = owned.First; entry is not null; entry = entry.Next)
        {
            (entry.IsIPv4 ? _ipv4 : _ipv6).Remove(entry);
        }
    }

    /// <summary>The peer's prefixes, in the order in which it got them. A copy.</summary>
    [SuppressMessage("Design", "CA1002:Do not expose generic lists", Justification = "A copy: the caller may do with it what it likes.")]
    public List<IpPrefix> Prefixes(TPeer peer)
    {
        List<IpPrefix> prefixes = [];
        if (_owned.TryGetValue(peer, out OwnedPrefixes? owned))
        {
            prefixes.EnsureCapacity(owned.Count);
            for (PrefixEntry<TPeer>? entry = owned.First; entry is not null; entry = entry.Next)
            {
                prefixes.Add(entry.Prefix);
            }
        }

        return prefixes;
    }

    private PrefixTrie<TPeer> Trie(IpPrefix prefix) => prefix.IsIPv4 ? _ipv4 : _ipv6;

    private void Unlink(PrefixEntry<TPeer> entry)
    {
        OwnedPrefixes owned = _owned[entry.Owner];
        owned.Remove(entry);
        if (owned.Count == 0)
        {
            _ = _owned.Remove(entry.Owner);
        }
    }

    // A list through the entries themselves: no further object a prefix, and removal of one among 65,536 is a few stores.
    private sealed class OwnedPrefixes
    {
        private PrefixEntry<TPeer>? _last;

        public PrefixEntry<TPeer>? First { get; private set; }

        public int Count { get; private set; }

        public void Append(PrefixEntry<TPeer> entry)
        {
            entry.Previous = _last;
            _ = _last is null ? First = entry : _last.Next = entry;
            _last = entry;
            entry.IsListed = true;
            Count++;
        }

        public void Remove(PrefixEntry<TPeer> entry)
        {
            _ = entry.Previous is null ? First = entry.Next : entry.Previous.Next = entry.Next;
            _ = entry.Next is null ? _last = entry.Previous : entry.Next.Previous = entry.Previous;
            entry.Previous = entry.Next = null;
            entry.IsListed = false;
            Count--;
        }
    }
}
