using System.Runtime.CompilerServices;
using WgNet.Routing;

namespace WgNet.Learning;

/// <summary>
/// Learns which peer owns an inside IPv6 address from the authenticated packets it sends: docs/learning.md has the rules. The
/// packet path (<see cref="CheckIPv6Source(LearningPeer{TPeer}, UInt128, long)"/>, <see cref="Lookup(UInt128, long)"/>) is for any number of
/// threads and lock-free but for the packet that teaches an address. Configuration is for one writer at a time, beside them.
/// </summary>
public sealed partial class AddressLearner<TPeer>
    where TPeer : class
{
    private readonly AllowedIps<TPeer> _allowedIps;
    private readonly LearnedTable _table;
    private readonly Owners<TPeer> _owners = new();
    private readonly ILearnObserver<TPeer>? _observer;

    private InterfaceAddresses _interfaceAddresses = new([]);
    private PacketTally[] _tallies = [];

    /// <param name="hashSecret">16 random bytes, of this process alone.</param>
    public AddressLearner(AllowedIps<TPeer> allowedIps, ReadOnlySpan<byte> hashSecret, ILearnObserver<TPeer>? observer = null)
        : this(allowedIps, new AddressHash(hashSecret), observer)
    {
    }

    internal AddressLearner(AllowedIps<TPeer> allowedIps, AddressHash hash, ILearnObserver<TPeer>? observer = null)
    {
        _allowedIps = allowedIps;
        _observer = observer;
        _table = new LearnedTable(hash);
    }

    /// <summary>The peer that has learned exactly this address. AllowedIPs are for the caller to ask next.</summary>
    public TPeer? Lookup(UInt128 destination, long now) => Lookup(_table.Find(destination), destination, now);

    /// <summary>The same, by the address's key.</summary>
    public TPeer? Lookup(in SlotKey key, long now) => Lookup(_table.Find(key), _table.AddressOf(key), now);

    /// <summary>
    /// The keys by which several addresses are looked up next. What these look-ups will most likely read is on its way from memory then,
    /// all at the same time, where otherwise each would wait for its own.
    /// </summary>
    /// <param name="keys">As many as there are destinations.</param>
    public void Approach(ReadOnlySpan<UInt128> destinations, Span<SlotKey> keys)
    {
        _table.Approach(destinations, keys);
        foreach (ref readonly SlotKey key in keys)
        {
            _owners.Fetch(_table.Glance(key).Owner);
        }
    }

    /// <inheritdoc cref="CheckIPv6Source(LearningPeer{TPeer}, UInt128, long, out TPeer)"/>
    public SourceVerdict CheckIPv6Source(LearningPeer<TPeer> from, UInt128 source, long now) => CheckIPv6Source(from, source, now, out _);

    /// <summary>
    /// Whether the peer may send from this address, learning it where the rules say so. Allocates only when it learns. After
    /// <see cref="SourceVerdict.Learned"/>, <see cref="NextExpiry"/> may be earlier than before.
    /// </summary>
    /// <param name="owner">With <see cref="SourceVerdict.Conflict"/>, the peer that has the address.</param>
    public SourceVerdict CheckIPv6Source(LearningPeer<TPeer> from, UInt128 source, long now, out TPeer? owner)
    {
        owner = null;
        Found found = _table.Find(source);
        if (found.Word.IsLive)
        {
            // The number is the peer's for as long as it is not removed, which is therefore asked after the word was read.
            if (found.Word.Owner == from.Id && !from.IsRemoved && !found.Word.IsExpired(now, from.LearnTimeout))
            {
                // Most packets write nothing, so that workers which receive from one address do not pull its cache line from each other.
                if (found.Word.IsStale(now, from.RefreshGranularity))
                {
                    _table.Refresh(source, found, now);
                }

                return SourceVerdict.Accepted;
            }

            if (TryReadOwner(source, out LearnedWord word, out TPeer? peer, out long timeout) is { } learned)
            {
                if (!word.IsExpired(now, timeout))
                {
                    return CheckLearned(from, learned, peer, out owner);
                }

                RemoveExpired(learned, source, now);
            }
        }

        SourceVerdict verdict = CheckStatic(from, source);
        if (verdict != SourceVerdict.Learned)
        {
            return verdict;
        }

        // Asked first without the lock: a peer that floods is refused at once, on as many threads as it floods.
        return from.LearnLimit > 0 && !from.Rate.HasToken(now) ? SourceVerdict.LearnRateLimited : Learn(from, source, now, out owner);
    }

    /// <summary>Where a worker counts the packets that it accepts; to be given back at its end.</summary>
    public PacketTally CreateTally()
    {
        PacketTally tally = new(_table);
        lock (_peersGate)
        {
            Volatile.Write(ref _tallies, [.. _tallies, tally]);
        }

        return tally;
    }

    /// <summary>When nothing is counted there any more.</summary>
    public void ReturnTally(PacketTally tally)
    {
        lock (_peersGate)
        {
            tally.WriteThrough();
            Volatile.Write(ref _tallies, Array.FindAll(_tallies, other => other != tally));
        }
    }

    // Rule 1: a learned address is its owner's and no one else's.
    private static SourceVerdict CheckLearned(LearningPeer<TPeer> from, LearningPeer<TPeer> learned, TPeer? peer, out TPeer? owner)
    {
        owner = learned == from ? null : peer;
        return learned == from ? SourceVerdict.Accepted : SourceVerdict.Conflict;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TPeer? Lookup(scoped in Found found, UInt128 destination, long now)
    {
        if (!found.Word.IsLive)
        {
            return null;
        }

        return _owners.Read(found, out TPeer? peer, out long timeout) is null ? LookupAgain(destination, now)
            : found.Word.IsExpired(now, timeout) ? null
            : peer;
    }

    // Out of the way of the look-up that meets no change.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private TPeer? LookupAgain(UInt128 destination, long now) =>
        TryReadOwner(destination, out LearnedWord word, out TPeer? peer, out long timeout) is not null && !word.IsExpired(now, timeout) ? peer : null;

    // The owner of the address; null when it was nobody's at some moment within the call. What was moved between two readings is found
    // again: the table has another array then, so this does not go on.
    private LearningPeer<TPeer>? TryReadOwner(UInt128 address, out LearnedWord word, out TPeer? peer, out long timeout)
    {
        while (true)
        {
            Found found = _table.Find(address);
            (word, peer, timeout) = (found.Word, null, 0);
            if (!word.IsLive)
            {
                return null;
            }

            LearningPeer<TPeer>? owner = _owners.Read(found, out peer, out timeout);
            if (owner is not null || !found.ReadAgain().IsGone)
            {
                return owner;
            }
        }
    }

    // Rule 2, as far as it does not depend on what the peer has learned already: Learned means "if the limits allow it".
    private SourceVerdict CheckStatic(LearningPeer<TPeer> from, UInt128 source)
    {
        TPeer? staticOwner = _allowedIps.LookupIPv6(source, out int staticLength);
        bool isClaimable = from.LearnableLength(source) > staticLength;
        if (isClaimable && Volatile.Read(ref _interfaceAddresses).IsFit(source) && _table.CanHold(source))
        {
            return SourceVerdict.Learned;
        }

        return staticOwner == from.Peer ? SourceVerdict.Accepted
            : isClaimable ? SourceVerdict.NotLearnable
            : SourceVerdict.NotAllowed;
    }

    private SourceVerdict Learn(LearningPeer<TPeer> from, UInt128 source, long now, out TPeer? owner)
    {
        owner = null;
        lock (from.Gate)
        {
            // Again, since a purge may have gone by: what is entered now is not purged later.
            SourceVerdict verdict = from.IsRemoved ? SourceVerdict.NotAllowed : CheckStatic(from, source);
            if (verdict != SourceVerdict.Learned)
            {
                return verdict;
            }

            if (!from.HasRoom)
            {
                return SourceVerdict.LearnLimited;
            }

            if (!from.Rate.HasToken(now))
            {
                return SourceVerdict.LearnRateLimited;
            }

            while (from.TryAdd(source, LearnedWord.Live(from.Id, now, isPinned: false), firstReceived: now).IsLive)
            {
                // Another thread was faster. If its address is gone again already, this one's turn has come.
                if (TryReadOwner(source, out _, out TPeer? peer, out _) is { } learned)
                {
                    return CheckLearned(from, learned, peer, out owner);
                }
            }

            from.Rate.Take(now);
        }

        NoteExpiry(now + from.LearnTimeout);
        return SourceVerdict.Learned;
    }

    private static void RemoveExpired(LearningPeer<TPeer> owner, UInt128 address, long now)
    {
        lock (owner.Gate)
        {
            // A packet with an earlier time may have kept it at the last moment.
            if (owner.Find(address) is { IsLive: true } word && word.IsExpired(now, owner.LearnTimeout))
            {
                _ = owner.Remove(address, LearnedEnd.Expired);
            }
        }
    }
}
