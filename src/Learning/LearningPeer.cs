using WgNet.Routing;

namespace WgNet.Learning;

/// <summary>
/// What learning knows of a peer: what it may claim, what it has, how much it may have. Changed through its
/// <see cref="AddressLearner{TPeer}"/> alone.
/// </summary>
public sealed class LearningPeer<TPeer>
    where TPeer : class
{
    // A century: larger times would overflow in nanoseconds.
    private const long LongestTimeout = 36_525L * 24 * 3600 * 1_000_000_000;
    private const long LongestGranularity = 1_000_000_000;

    // Each of its addresses also is in the table, and the other way round whenever Gate is free.
    private readonly List<LearnedEntry<TPeer>> _entries = [];
    private readonly LearnedTable<TPeer> _table;
    private readonly ILearnObserver<TPeer>? _observer;

    // One owner, so this is a set of prefixes with a longest match.
    private AllowedIps<LearningPeer<TPeer>>? _learnable;
    private int _learnLimit;
    private long _learnTimeout;

    internal LearningPeer(TPeer peer, LearnedTable<TPeer> table, ILearnObserver<TPeer>? observer, int learnLimit, TimeSpan learnTimeout)
    {
        Peer = peer;
        _table = table;
        _observer = observer;
        _learnLimit = learnLimit;
        SetTimeout(learnTimeout);
    }

    public TPeer Peer { get; }

    /// <summary>Most learned addresses at a time; 0 switches learning off.</summary>
    public int LearnLimit => Volatile.Read(ref _learnLimit);

    /// <summary>Nanoseconds without a packet received after which an address ends.</summary>
    public long LearnTimeout => Volatile.Read(ref _learnTimeout);

    /// <summary>In the order in which they were added; a copy, for the writer.</summary>
    public IReadOnlyList<IpPrefix> LearnablePrefixes => _learnable?.Prefixes(this) ?? [];

    /// <summary>
    /// Guards the peer's set of addresses and orders learning with every configuration change that could forbid it: the rules are
    /// asked and their answer entered under it, and a purge goes through it after the change was made. Never taken by a packet that
    /// teaches nothing new, and never while another peer's is held.
    /// </summary>
    internal Lock Gate { get; } = new();

    internal LearnRate Rate { get; } = new();

    /// <summary>Guarded by <see cref="Gate"/>.</summary>
    internal bool IsRemoved { get; set; }

    /// <summary>How far the note of the last packet may lag: so little that it does not matter beside the timeout.</summary>
    internal long RefreshGranularity => Math.Min(LongestGranularity, LearnTimeout / 64);

    /// <summary>The length of the longest learnable prefix that contains the address; −1 if none does. For any thread.</summary>
    internal int LearnableLength(UInt128 address)
    {
        if (Volatile.Read(ref _learnable) is not { } learnable)
        {
            return -1;
        }

        _ = learnable.LookupIPv6(address, out int length);
        return length;
    }

    internal bool AddLearnable(IpPrefix prefix)
    {
        AllowedIps<LearningPeer<TPeer>> learnable = _learnable ?? new();
        bool isNew = !learnable.Owns(prefix, this);
        learnable.Insert(prefix, this);
        Volatile.Write(ref _learnable, learnable);
        return isNew;
    }

    internal bool RemoveLearnable(IpPrefix prefix) => _learnable?.Remove(prefix, this) ?? false;

    internal void ReplaceLearnable(ReadOnlySpan<IpPrefix> prefixes)
    {
        AllowedIps<LearningPeer<TPeer>> learnable = new();
        foreach (IpPrefix prefix in prefixes)
        {
            learnable.Insert(prefix, this);
        }

        Volatile.Write(ref _learnable, prefixes.IsEmpty ? null : learnable);
    }

    internal void SetLimit(int limit) => Volatile.Write(ref _learnLimit, limit);

    internal void SetTimeout(TimeSpan timeout) => Volatile.Write(ref _learnTimeout,
        timeout.Ticks >= LongestTimeout / TimeSpan.NanosecondsPerTick ? LongestTimeout : timeout.Ticks * TimeSpan.NanosecondsPerTick);

    // All below: under Gate.

    /// <summary>
    /// Adds the address, making room for it; or returns the entry of whoever has it. The caller has seen that there
    /// <see cref="HasRoom"/>.
    /// </summary>
    internal LearnedEntry<TPeer>? TryAdd(LearnedEntry<TPeer> entry, bool isRestored = false)
    {
        if (_table.TryAdd(entry) is { } existing)
        {
            return existing;
        }

        // Room is made only now, lest a peer lose an address to a claim that failed.
        EvictDownTo(LearnLimit - 1);
        _entries.Add(entry);
        _observer?.Began(Peer, entry.Address, isRestored);
        return null;
    }

    /// <summary>Whether one more address can be had, if need be in place of another.</summary>
    internal bool HasRoom => _entries.Count < LearnLimit || _entries.Exists(entry => !entry.IsPinned);

    /// <summary>Gives up the addresses from which nothing was received for longest; pinned ones only when no others are left.</summary>
    internal void EvictDownTo(int count)
    {
        while (_entries.Count > count)
        {
            int oldest = 0;
            for (int i = 1; i < _entries.Count; i++)
            {
                if (IsBefore(_entries[i], _entries[oldest]))
                {
                    oldest = i;
                }
            }

            RemoveAt(oldest, LearnedEnd.Evicted);
        }

        static bool IsBefore(LearnedEntry<TPeer> a, LearnedEntry<TPeer> b) =>
            a.IsPinned == b.IsPinned ? a.LastReceived < b.LastReceived : b.IsPinned;
    }

    internal bool Remove(LearnedEntry<TPeer> entry, LearnedEnd why)
    {
        int index = _entries.IndexOf(entry);
        if (index >= 0)
        {
            RemoveAt(index, why);
        }

        return index >= 0;
    }

    internal LearnedEntry<TPeer>? Find(UInt128 address) => _table.Find(address) is { } entry && entry.Owner == this ? entry : null;

    internal void RemoveWhere(Predicate<LearnedEntry<TPeer>> condition, LearnedEnd why)
    {
        for (int i = _entries.Count - 1; i >= 0; i--)
        {
            if (condition(_entries[i]))
            {
                RemoveAt(i, why);
            }
        }
    }

    internal int Count => _entries.Count;

    internal long NextExpiry()
    {
        long next = long.MaxValue;
        foreach (LearnedEntry<TPeer> entry in _entries)
        {
            next = Math.Min(next, entry.ExpiresAt);
        }

        return next;
    }

    internal void CopyTo(List<LearnedAddress> addresses, long now)
    {
        foreach (LearnedEntry<TPeer> entry in _entries)
        {
            if (!entry.IsExpired(now))
            {
                addresses.Add(new LearnedAddress
                {
                    Address = entry.Address,
                    AgeNanoseconds = Math.Max(0, now - entry.LastReceived),
                    FirstSeenNanoseconds = Math.Max(0, now - entry.FirstReceived),
                    Packets = entry.Packets,
                    IsPinned = entry.IsPinned,
                });
            }
        }
    }

    internal int CountUnexpired(long now)
    {
        int count = 0;
        foreach (LearnedEntry<TPeer> entry in _entries)
        {
            count += entry.IsExpired(now) ? 0 : 1;
        }

        return count;
    }

    private void RemoveAt(int index, LearnedEnd why)
    {
        LearnedEntry<TPeer> entry = _entries[index];
        _ = _table.Remove(entry);
        _entries.RemoveAt(index);
        _observer?.Ended(Peer, entry.Address, why);
    }
}
