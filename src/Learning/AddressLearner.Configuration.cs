using System.Diagnostics.CodeAnalysis;
using WgNet.Routing;

namespace WgNet.Learning;

// The writer's side. Every change is made first and then purges what it contradicts, peer by peer under the peer's lock: a learn
// that was under way has either been entered, and is purged, or asks the rules after the change.
public sealed partial class AddressLearner<TPeer>
{
    private static readonly IpPrefix Everywhere = new(0, 0, isIPv4: false);

    // Guards the set: the timer thread goes through it, too. Taken before a peer's lock, never the other way round.
    private readonly Lock _peersGate = new();
    private readonly HashSet<LearningPeer<TPeer>> _peers = [];

    // Not later than the first expiry; earlier when that entry was refreshed since.
    private long _nextExpiry = long.MaxValue;

    /// <summary>When to call <see cref="Expire"/>; <see cref="long.MaxValue"/> while nothing is learned.</summary>
    public long NextExpiry => Volatile.Read(ref _nextExpiry);

    public LearningPeer<TPeer> AddPeer(TPeer peer, int learnLimit = LearnDefaults.Limit, TimeSpan? learnTimeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(learnLimit);
        LearningPeer<TPeer> added = new(peer, _table, _owners, _observer, learnLimit, learnTimeout ?? LearnDefaults.Timeout);
        lock (_peersGate)
        {
            _ = _peers.Add(added);
        }

        return added;
    }

    /// <summary>Forgets the peer and its addresses; a packet of it that is under way teaches nothing any more.</summary>
    public void RemovePeer(LearningPeer<TPeer> peer)
    {
        lock (_peersGate)
        {
            _ = _peers.Remove(peer);
        }

        lock (peer.Gate)
        {
            if (!peer.IsRemoved)
            {
                peer.RemoveWhere((_, _) => true, LearnedEnd.PeerRemoved);
                peer.IsRemoved = true;
                _owners.Release(peer.Id);
            }
        }
    }

    /// <summary>Lets the peer claim addresses in an IPv6 prefix; false if it may already.</summary>
    public bool AddLearnable(LearningPeer<TPeer> peer, IpPrefix prefix)
    {
        ThrowIfIPv4(prefix);
        lock (peer.Gate)
        {
            return peer.AddLearnable(prefix);
        }
    }

    /// <summary>False if this very prefix was not the peer's.</summary>
    public bool RemoveLearnable(LearningPeer<TPeer> peer, IpPrefix prefix)
    {
        bool removed;
        lock (peer.Gate)
        {
            removed = peer.RemoveLearnable(prefix);
        }

        Purge(peer, prefix);
        return removed;
    }

    /// <summary>
    /// Puts these prefixes in place of all that the peer had. Addresses that stay claimable stay learned, so a configuration that is
    /// read again costs nobody anything.
    /// </summary>
    public void ReplaceLearnable(LearningPeer<TPeer> peer, ReadOnlySpan<IpPrefix> prefixes)
    {
        foreach (IpPrefix prefix in prefixes)
        {
            ThrowIfIPv4(prefix);
        }

        lock (peer.Gate)
        {
            peer.ReplaceLearnable(prefixes);
        }

        Purge(peer, Everywhere);
    }

    public void ClearLearnable(LearningPeer<TPeer> peer) => ReplaceLearnable(peer, []);

    /// <summary>Takes effect at once: a lower limit evicts the least recently received.</summary>
    public void SetLimit(LearningPeer<TPeer> peer, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        lock (peer.Gate)
        {
            peer.SetLimit(limit);
            peer.EvictDownTo(limit);
        }
    }

    /// <summary>Takes effect at once, for addresses learned before, too.</summary>
    public void SetTimeout(LearningPeer<TPeer> peer, TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        lock (peer.Gate)
        {
            peer.SetTimeout(timeout);
            NoteExpiry(peer.NextExpiry());
        }
    }

    /// <summary>Makes the peer's learned address nobody's; false if it was not the peer's.</summary>
    public bool Forget(LearningPeer<TPeer> peer, UInt128 address)
    {
        lock (peer.Gate)
        {
            return peer.Remove(address, LearnedEnd.Forgotten);
        }
    }

    /// <summary>
    /// Makes the address the peer's, or keeps it so, until it is unpinned, forgotten or contradicted: it does not age. It needs no
    /// token, but may be claimed by the peer and has a place in its limit.
    /// </summary>
    /// <returns><see cref="SourceVerdict.Accepted"/>, or why not, as for a packet.</returns>
    public SourceVerdict Pin(LearningPeer<TPeer> peer, UInt128 address, long now)
    {
        if (TryReadOwner(address, out LearnedWord word, out _, out long timeout) is { } owner)
        {
            if (word.IsExpired(now, timeout))
            {
                RemoveExpired(owner, address, now);
            }
            else if (owner != peer)
            {
                return SourceVerdict.Conflict;
            }
        }

        lock (peer.Gate)
        {
            return peer.Find(address).IsLive && _table.Pin(address, peer.Id)
                ? SourceVerdict.Accepted
                : Enter(peer, address, LearnedWord.Live(peer.Id, now, isPinned: true), firstReceived: now, packets: 0);
        }
    }

    /// <summary>What <see cref="Pin"/> would answer now. Until the next change of the configuration, packets alone can make it another: a conflict.</summary>
    public SourceVerdict CheckPin(LearningPeer<TPeer> peer, UInt128 address, long now)
    {
        if (Lookup(address, now) is { } owner)
        {
            return owner == peer.Peer ? SourceVerdict.Accepted : SourceVerdict.Conflict;
        }

        lock (peer.Gate)
        {
            SourceVerdict verdict = peer.IsRemoved ? SourceVerdict.NotAllowed : CheckStatic(peer, address);
            return verdict switch
            {
                SourceVerdict.Learned => peer.HasRoom ? SourceVerdict.Accepted : SourceVerdict.LearnLimited,
                SourceVerdict.Accepted => SourceVerdict.NotLearnable,
                _ => verdict,
            };
        }
    }

    /// <summary>Lets a pinned address age again, from now on; false if the peer has no such one.</summary>
    public bool Unpin(LearningPeer<TPeer> peer, UInt128 address, long now)
    {
        lock (peer.Gate)
        {
            if (!peer.Find(address).IsPinned || !_table.Unpin(address, peer.Id, now))
            {
                return false;
            }

            NoteExpiry(now + peer.LearnTimeout);
            return true;
        }
    }

    /// <summary>
    /// Gives the peer an address that it had before a restart, with its age, if it may claim it still, nobody else has it, and its
    /// limit has room for it. It takes no token and nobody's place.
    /// </summary>
    /// <returns>Whether the address is the peer's now.</returns>
    public bool Restore(LearningPeer<TPeer> peer, in LearnedAddress saved, long now)
    {
        long firstReceived = now - Math.Max(0, saved.FirstSeenNanoseconds);
        LearnedWord word = LearnedWord.Live(peer.Id, now - Math.Max(0, saved.AgeNanoseconds), saved.IsPinned);
        lock (peer.Gate)
        {
            if (word.IsExpired(now, peer.LearnTimeout) || peer.Count >= peer.LearnLimit
                || Enter(peer, saved.Address, word, firstReceived, saved.Packets) != SourceVerdict.Accepted)
            {
                return false;
            }

            NoteExpiry(word.ExpiresAt(peer.LearnTimeout));
            return true;
        }
    }

    /// <summary>To be called after a prefix was inserted into AllowedIPs, whoever got it.</summary>
    public void AllowedIpsChanged(IpPrefix inserted)
    {
        if (!inserted.IsIPv4)
        {
            PurgeAll(inserted);
        }
    }

    /// <summary>The same for any number of prefixes at once, in one pass.</summary>
    public void AllowedIpsChanged() => PurgeAll(Everywhere);

    /// <summary>The interface's IPv6 addresses with the lengths of their prefixes, all of them, whenever they change.</summary>
    public void SetInterfaceAddresses(ReadOnlySpan<(UInt128 Address, int PrefixLength)> addresses)
    {
        Volatile.Write(ref _interfaceAddresses, new InterfaceAddresses(addresses));
        PurgeAll(Everywhere);
    }

    /// <summary>The peer's learned addresses, in the order in which they were learned.</summary>
    [SuppressMessage("Design", "CA1002:Do not expose generic lists", Justification = "A copy: the caller may do with it what it likes.")]
    public List<LearnedAddress> Learned(LearningPeer<TPeer> peer, long now)
    {
        List<LearnedAddress> addresses = [];
        lock (peer.Gate)
        {
            peer.CopyTo(addresses, now, CountedPackets);
        }

        return addresses;
    }

    /// <summary>How many addresses <see cref="Learned"/> would list.</summary>
    public int CountLearned(LearningPeer<TPeer> peer, long now)
    {
        lock (peer.Gate)
        {
            return peer.CountUnexpired(now);
        }
    }

    /// <summary>Frees the entries whose time is over. Lookups do not see them any more anyway.</summary>
    public void Expire(long now)
    {
        Volatile.Write(ref _nextExpiry, long.MaxValue);
        lock (_peersGate)
        {
            foreach (LearningPeer<TPeer> peer in _peers)
            {
                lock (peer.Gate)
                {
                    peer.RemoveWhere((_, word) => word.IsExpired(now, peer.LearnTimeout), LearnedEnd.Expired);
                    NoteExpiry(peer.NextExpiry());
                }
            }
        }

        _table.Trim();
    }

    // Under the peer's lock; what the administrator or the state before a restart says, so no token is taken.
    private SourceVerdict Enter(LearningPeer<TPeer> peer, UInt128 address, LearnedWord word, long firstReceived, long packets)
    {
        SourceVerdict verdict = peer.IsRemoved ? SourceVerdict.NotAllowed : CheckStatic(peer, address);
        return verdict switch
        {
            SourceVerdict.Learned when !peer.HasRoom => SourceVerdict.LearnLimited,
            SourceVerdict.Learned => peer.TryAdd(address, word, firstReceived, packets, isRestored: true).IsLive
                ? SourceVerdict.Conflict : SourceVerdict.Accepted,
            // Allowed by AllowedIPs alone, which need no learned address.
            SourceVerdict.Accepted => SourceVerdict.NotLearnable,
            _ => verdict,
        };
    }

    // In the table, and on their way there. What the table says is read before and after: if it changed, the workers' may have been
    // counted twice or not at all.
    private long CountedPackets(UInt128 address)
    {
        PacketWord counted = _table.Packets(address);
        while (true)
        {
            long packets = counted.Packets;
            foreach (PacketTally tally in Volatile.Read(ref _tallies))
            {
                packets += tally.Read(address, counted.Life);
            }

            PacketWord again = _table.Packets(address);
            if (again == counted)
            {
                return packets;
            }

            counted = again;
        }
    }

    private static void ThrowIfIPv4(IpPrefix prefix)
    {
        if (prefix.IsIPv4)
        {
            throw new ArgumentException($"{prefix} is an IPv4 prefix; only IPv6 addresses are learned", nameof(prefix));
        }
    }

    private void PurgeAll(IpPrefix within)
    {
        lock (_peersGate)
        {
            foreach (LearningPeer<TPeer> peer in _peers)
            {
                Purge(peer, within);
            }
        }
    }

    // An address may stay only if it could be learned again now.
    private void Purge(LearningPeer<TPeer> peer, IpPrefix within)
    {
        lock (peer.Gate)
        {
            peer.RemoveWhere(
                (address, _) => within.ContainsIPv6(address) && CheckStatic(peer, address) != SourceVerdict.Learned,
                LearnedEnd.Contradicted);
        }
    }

    private void NoteExpiry(long at)
    {
        long seen = NextExpiry;
        while (at < seen)
        {
            long before = Interlocked.CompareExchange(ref _nextExpiry, at, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }
}
