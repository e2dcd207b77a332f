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

    private readonly LearnedTable _table;
    private readonly Owners<TPeer> _owners;
    private readonly ILearnObserver<TPeer>? _observer;

    // One owner, so this is a set of prefixes with a longest match.
    private AllowedIps<LearningPeer<TPeer>>? _learnable;
    private int _learnLimit;
    private long _learnTimeout;
    private volatile bool _isRemoved;

    // In the order in which they were learned; guarded by Gate. Each of these addresses also is in the table under the peer's number,
    // and the other way round whenever Gate is free.
    private LearnedRecord[] _records = [];
    private int _count;

    internal LearningPeer(
        TPeer peer, LearnedTable table, Owners<TPeer> owners, ILearnObserver<TPeer>? observer, int learnLimit, TimeSpan learnTimeout)
    {
        Peer = peer;
        _table = table;
        _owners = owners;
        _observer = observer;
        _learnLimit = learnLimit;
        _learnTimeout = Bounded(learnTimeout);
        Id = owners.Add(this);
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

    /// <summary>The peer's number in the table; another peer's, once this one was removed.</summary>
    internal int Id { get; }

    /// <summary>Set under <see cref="Gate"/>, before the number is given up; asked by anybody.</summary>
    internal bool IsRemoved
    {
        get => _isRemoved;
        set => _isRemoved = value;
    }

    /// <summary>How far the note of the last packet may lag: so little that it does not matter beside the timeout.</summary>
    internal long RefreshGranularity => Math.Clamp(LearnTimeout / 64, LearnedWord.TimeUnit, LongestGranularity);

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

    internal void SetTimeout(TimeSpan timeout)
    {
        Volatile.Write(ref _learnTimeout, Bounded(timeout));
        if (!IsRemoved)
        {
            _owners.SetTimeout(Id, LearnTimeout);
        }
    }

    // All below: under Gate.

    internal int Count => _count;

    /// <summary>Whether one more address can be had, if need be in place of another.</summary>
    internal bool HasRoom
    {
        get
        {
            bool hasRoom = _count < LearnLimit;
            for (int i = 0; i < _count && !hasRoom; i++)
            {
                hasRoom = !Find(_records[i].Address).IsPinned;
            }

            return hasRoom;
        }
    }

    /// <summary>
    /// Adds the address, making room for it; or returns what is said of it already. The caller has seen that there
    /// <see cref="HasRoom"/>.
    /// </summary>
    internal LearnedWord TryAdd(UInt128 address, LearnedWord word, long firstReceived, long packets = 0, bool isRestored = false)
    {
        LearnedWord existing = _table.TryAdd(address, word, packets);
        if (existing.IsLive)
        {
            return existing;
        }

        // Room is made only now, lest a peer lose an address to a claim that failed.
        EvictDownTo(LearnLimit - 1);
        if (_count == _records.Length)
        {
            Array.Resize(ref _records, Math.Max(4, _count * 2));
        }

        _records[_count++] = new LearnedRecord(address, firstReceived);
        _observer?.Began(Peer, address, isRestored);
        return LearnedWord.None;
    }

    /// <summary>Gives up the addresses from which nothing was received for longest; pinned ones only when no others are left.</summary>
    internal void EvictDownTo(int count)
    {
        while (_count > Math.Max(0, count))
        {
            int oldest = 0;
            LearnedWord oldestWord = Find(_records[0].Address);
            for (int i = 1; i < _count; i++)
            {
                LearnedWord word = Find(_records[i].Address);
                if (IsBefore(word, oldestWord))
                {
                    (oldest, oldestWord) = (i, word);
                }
            }

            RemoveAt(oldest, LearnedEnd.Evicted);
        }

        static bool IsBefore(LearnedWord a, LearnedWord b) => a.IsPinned == b.IsPinned ? a.LastReceived < b.LastReceived : b.IsPinned;
    }

    /// <summary>What the table says of the address if it is the peer's; otherwise nothing.</summary>
    internal LearnedWord Find(UInt128 address) =>
        _table.Find(address).Word is { IsLive: true } word && word.Owner == Id && !IsRemoved ? word : LearnedWord.None;

    internal bool Remove(UInt128 address, LearnedEnd why)
    {
        int index = _count - 1;
        while (index >= 0 && _records[index].Address != address)
        {
            index--;
        }

        if (index >= 0)
        {
            RemoveAt(index, why);
        }

        return index >= 0;
    }

    internal void RemoveWhere(Func<UInt128, LearnedWord, bool> condition, LearnedEnd why)
    {
        for (int i = _count - 1; i >= 0; i--)
        {
            UInt128 address = _records[i].Address;
            if (condition(address, Find(address)))
            {
                RemoveAt(i, why);
            }
        }
    }

    internal long NextExpiry()
    {
        long next = long.MaxValue;
        foreach (ref readonly LearnedRecord record in Records)
        {
            next = Math.Min(next, Find(record.Address).ExpiresAt(LearnTimeout));
        }

        return next;
    }

    internal void CopyTo(List<LearnedAddress> addresses, long now, Func<UInt128, long> packets)
    {
        foreach (ref readonly LearnedRecord record in Records)
        {
            LearnedWord word = Find(record.Address);
            if (!word.IsExpired(now, LearnTimeout))
            {
                // The last packet's time is rounded down, and the first one may be the last.
                long age = Math.Max(0, now - word.LastReceived);
                addresses.Add(new LearnedAddress
                {
                    Address = record.Address,
                    AgeNanoseconds = age,
                    FirstSeenNanoseconds = Math.Max(age, now - record.FirstReceived),
                    Packets = packets(record.Address),
                    IsPinned = word.IsPinned,
                });
            }
        }
    }

    internal int CountUnexpired(long now)
    {
        int count = 0;
        foreach (ref readonly LearnedRecord record in Records)
        {
            count += Find(record.Address).IsExpired(now, LearnTimeout) ? 0 : 1;
        }

        return count;
    }

    private ReadOnlySpan<LearnedRecord> Records => _records.AsSpan(0, _count);

    private static long Bounded(TimeSpan timeout) =>
        timeout.Ticks >= LongestTimeout / TimeSpan.NanosecondsPerTick ? LongestTimeout : timeout.Ticks * TimeSpan.NanosecondsPerTick;

    private void RemoveAt(int index, LearnedEnd why)
    {
        UInt128 address = _records[index].Address;
        _ = _table.Remove(address, Id);
        _count--;
        _records.AsSpan((index + 1)..(_count + 1)).CopyTo(_records.AsSpan(index));
        if (_count == 0)
        {
            _records = [];
        }

        _observer?.Ended(Peer, address, why);
    }
}
