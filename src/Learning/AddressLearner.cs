using WgNet.Routing;

namespace WgNet.Learning;

/// <summary>
/// Learns which peer owns an inside IPv6 address from the authenticated packets it sends: docs/learning.md has the rules. The
/// packet path (<see cref="CheckIPv6Source(LearningPeer{TPeer}, UInt128, long)"/>, <see cref="Lookup"/>) is for any number of
/// threads and lock-free but for the packet that teaches an address. Configuration is for one writer at a time, beside them.
/// </summary>
public sealed partial class AddressLearner<TPeer>
    where TPeer : class
{
    private readonly AllowedIps<TPeer> _allowedIps;
    private readonly LearnedTable<TPeer> _table;
    private readonly ILearnObserver<TPeer>? _observer;

    private InterfaceAddresses _interfaceAddresses = new([]);

    /// <param name="hashSecret">16 random bytes, of this process alone.</param>
    public AddressLearner(AllowedIps<TPeer> allowedIps, ReadOnlySpan<byte> hashSecret, ILearnObserver<TPeer>? observer = null)
    {
        _allowedIps = allowedIps;
        _observer = observer;
        _table = new LearnedTable<TPeer>(new AddressHash(hashSecret));
    }

    /// <summary>The peer that has learned exactly this address. AllowedIPs are for the caller to ask next.</summary>
    public TPeer? Lookup(UInt128 destination, long now) =>
        _table.Find(destination) is { } entry && !entry.IsExpired(now) ? entry.Owner.Peer : null;

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
        if (_table.Find(source) is { } entry)
        {
            if (!entry.IsExpired(now))
            {
                return CheckLearned(from, entry, now, out owner);
            }

            RemoveExpired(entry, now);
        }

        SourceVerdict verdict = CheckStatic(from, source);
        if (verdict != SourceVerdict.Learned)
        {
            return verdict;
        }

        // Asked first without the lock: a peer that floods is refused at once, on as many threads as it floods.
        return from.LearnLimit > 0 && !from.Rate.HasToken(now) ? SourceVerdict.LearnRateLimited : Learn(from, source, now, out owner);
    }

    /// <summary>Counts packets that were accepted from the address; nothing if it was not learned.</summary>
    public void CountPackets(UInt128 source, long packets) => _table.Find(source)?.Count(packets);

    // Rule 1: a learned address is its owner's and no one else's.
    private static SourceVerdict CheckLearned(LearningPeer<TPeer> from, LearnedEntry<TPeer> entry, long now, out TPeer? owner)
    {
        if (entry.Owner != from)
        {
            owner = entry.Owner.Peer;
            return SourceVerdict.Conflict;
        }

        owner = null;
        entry.Refresh(now);
        return SourceVerdict.Accepted;
    }

    // Rule 2, as far as it does not depend on what the peer has learned already: Learned means "if the limits allow it".
    private SourceVerdict CheckStatic(LearningPeer<TPeer> from, UInt128 source)
    {
        TPeer? staticOwner = _allowedIps.LookupIPv6(source, out int staticLength);
        bool isClaimable = from.LearnableLength(source) > staticLength;
        if (isClaimable && Volatile.Read(ref _interfaceAddresses).IsFit(source))
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

            if (from.TryAdd(new LearnedEntry<TPeer>(source, from, now, now)) is { } existing)
            {
                // Another thread was faster.
                return CheckLearned(from, existing, now, out owner);
            }

            from.Rate.Take(now);
        }

        NoteExpiry(now + from.LearnTimeout);
        return SourceVerdict.Learned;
    }

    private static void RemoveExpired(LearnedEntry<TPeer> entry, long now)
    {
        lock (entry.Owner.Gate)
        {
            // A packet with an earlier time may have kept it at the last moment.
            if (entry.IsExpired(now))
            {
                _ = entry.Owner.Remove(entry, LearnedEnd.Expired);
            }
        }
    }
}
