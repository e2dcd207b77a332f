using System.Diagnostics.CodeAnalysis;

namespace WgNet.Routing;

/// <summary>
/// Cryptokey routing (whitepaper section 2): which peer owns a prefix. Lookups take the longest match, may run on any thread at
/// any time, never wait and never allocate. Everything else is for one writer at a time. A change becomes visible by one store of
/// one reference, so that a lookup sees the table as it was at one moment (docs/adr/0012).
/// </summary>
public sealed class AllowedIps<TPeer>
    where TPeer : class
{
    private static readonly PrefixTries<TPeer> Nothing = new();

    private readonly OwnedPrefixes<TPeer> _owned = new();

    // For readers; and what the writer sees, which differs from it only inside a batch.
    private PrefixTries<TPeer> _published = Nothing;
    private PrefixTries<TPeer> _current = Nothing;
    private int _open;

    public TPeer? LookupIPv4(uint destination) => Volatile.Read(ref _published).LookupIPv4(destination);

    public TPeer? LookupIPv6(UInt128 destination) => LookupIPv6(destination, out _);

    /// <param name="prefixLength">The length of the prefix that decided; −1 when none matches.</param>
    public TPeer? LookupIPv6(UInt128 address, out int prefixLength) =>
        Volatile.Read(ref _published).LookupIPv6(address, out prefixLength);

    /// <summary>
    /// What is changed until the result is disposed becomes visible to lookups at once. Cheaper, too: what would be copied for each
    /// change is copied once. Batches may nest; the outermost counts.
    /// </summary>
    public Batch Begin()
    {
        if (_open++ == 0)
        {
            _current = new PrefixTries<TPeer>(_published);
        }

        return new Batch(this);
    }

    /// <summary>Gives the prefix to the peer, taking it from another one that had it.</summary>
    public void Insert(IpPrefix prefix, TPeer peer) => Insert(prefix, peer, out _);

    /// <param name="previous">The other peer that had this very prefix; null if none had.</param>
    public void Insert(IpPrefix prefix, TPeer peer, out TPeer? previous)
    {
        PrefixEntry<TPeer> entry = _current.Find(prefix);
        previous = null;
        if (entry.Owner == peer)
        {
            return;
        }

        if (entry.Owner is not null)
        {
            previous = entry.Owner;
            _owned.Remove(previous, entry.Place);
        }

        using Batch batch = Begin();
        _current.Set(prefix, new PrefixEntry<TPeer>(peer, _owned.Add(peer, prefix)));
    }

    /// <summary>Whether this very prefix, not a longer or shorter one, is the peer's.</summary>
    public bool Owns(IpPrefix prefix, TPeer peer) => _current.Find(prefix).Owner == peer;

    /// <summary>Takes the prefix from the peer; false, and nothing is changed, if this very prefix is not the peer's.</summary>
    public bool Remove(IpPrefix prefix, TPeer peer)
    {
        PrefixEntry<TPeer> entry = _current.Find(prefix);
        if (entry.Owner != peer)
        {
            return false;
        }

        using Batch batch = Begin();
        _current.Remove(prefix);
        _owned.Remove(peer, entry.Place);
        return true;
    }

    /// <summary>Takes all its prefixes from the peer, in time proportional to their number.</summary>
    public void RemovePeer(TPeer peer)
    {
        using Batch batch = Begin();
        foreach (IpPrefix prefix in _owned.Of(peer))
        {
            _current.Remove(prefix);
        }

        _owned.RemoveAll(peer);
    }

    /// <summary>The peer's prefixes, in the order in which it got them. A copy.</summary>
    [SuppressMessage("Design", "CA1002:Do not expose generic lists", Justification = "A copy: the caller may do with it what it likes.")]
    public List<IpPrefix> Prefixes(TPeer peer) => _owned.Of(peer);

    /// <summary>How many prefixes the peer has.</summary>
    public int Count(TPeer peer) => _owned.Count(peer);

    // The exchange, not only a volatile store: when the writer returns, every lookup that begins sees the change.
    private void End()
    {
        if (--_open == 0)
        {
            _ = Interlocked.Exchange(ref _published, _current);
        }
    }

    /// <summary>Changes that become visible together, at <see cref="Dispose"/>, which is to be called once. The default is no batch.</summary>
    public readonly ref struct Batch
    {
        private readonly AllowedIps<TPeer>? _table;

        internal Batch(AllowedIps<TPeer> table) => _table = table;

        public void Dispose() => _table?.End();
    }
}
