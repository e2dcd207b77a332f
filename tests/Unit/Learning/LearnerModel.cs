using WgNet.Learning;

namespace WgNet.Unit.Learning;

/// <summary>
/// The rules once more, as plainly as they can be said: one dictionary, linear searches, no threads. Learnable and static prefixes
/// are given as functions, since they have tests of their own.
/// </summary>
internal sealed class LearnerModel(Func<int, UInt128, int> learnableLength, Func<UInt128, (int Owner, int Length)> staticOwner)
{
    private const long TokenInterval = 600_000_000_000 / 16;

    private readonly Dictionary<UInt128, Entry> _learned = [];
    private readonly Dictionary<int, long> _tokenTime = [];

    public Dictionary<int, int> Limits { get; } = [];

    public Dictionary<int, long> Timeouts { get; } = [];

    public SourceVerdict Check(int from, UInt128 source, long now)
    {
        if (Owner(source, now) is { } owner)
        {
            Entry entry = _learned[source];
            if (owner == from && now - entry.LastReceived >= Math.Min(1_000_000_000, Timeouts[from] / 64))
            {
                _learned[source] = entry with { LastReceived = now };
            }

            return owner == from ? SourceVerdict.Accepted : SourceVerdict.Conflict;
        }

        _ = _learned.Remove(source);
        (int staticPeer, int staticLength) = staticOwner(source);
        return learnableLength(from, source) > staticLength ? Learn(from, source, now)
            : staticPeer == from ? SourceVerdict.Accepted
            : SourceVerdict.NotAllowed;
    }

    public int? Owner(UInt128 address, long now) =>
        _learned.TryGetValue(address, out Entry entry) && (entry.IsPinned || now - entry.LastReceived < Timeouts[entry.Peer]) ? entry.Peer : null;

    public int Count(int peer, long now) => _learned.Keys.Count(address => Owner(address, now) == peer);

    public Entry Of(UInt128 address) => _learned[address];

    public void Count(UInt128 address) => _learned[address] = _learned[address] with { Packets = _learned[address].Packets + 1 };

    public SourceVerdict Pin(int peer, UInt128 address, long now)
    {
        if (Owner(address, now) is { } owner)
        {
            if (owner == peer)
            {
                _learned[address] = _learned[address] with { IsPinned = true };
            }

            return owner == peer ? SourceVerdict.Accepted : SourceVerdict.Conflict;
        }

        if (!HasRoom(peer))
        {
            return SourceVerdict.LearnLimited;
        }

        Evict(peer, Limits[peer] - 1);
        _learned[address] = new Entry(peer, now, IsPinned: true, Packets: 0);
        return SourceVerdict.Accepted;
    }

    public bool Unpin(int peer, UInt128 address, long now)
    {
        bool isPinned = Owner(address, now) == peer && _learned[address].IsPinned;
        if (isPinned)
        {
            _learned[address] = _learned[address] with { IsPinned = false, LastReceived = now };
        }

        return isPinned;
    }

    public bool Restore(int peer, in LearnedAddress saved, long now)
    {
        bool isFree = Owner(saved.Address, now) is null && Count(peer, now) < Limits[peer];
        if (isFree)
        {
            _learned[saved.Address] = new Entry(peer, now - saved.AgeNanoseconds, saved.IsPinned, saved.Packets);
        }

        return isFree;
    }

    public void Forget(UInt128 address) => _learned.Remove(address);

    public void Purge(Func<int, UInt128, bool> contradicts)
    {
        foreach ((UInt128 address, Entry entry) in _learned.ToArray())
        {
            if (contradicts(entry.Peer, address))
            {
                _ = _learned.Remove(address);
            }
        }
    }

    public void Evict(int peer, int count)
    {
        foreach (UInt128 address in _learned.Where(entry => entry.Value.Peer == peer)
            .OrderByDescending(entry => entry.Value.IsPinned).ThenByDescending(entry => entry.Value.LastReceived)
            .Select(entry => entry.Key).Skip(count).ToArray())
        {
            _ = _learned.Remove(address);
        }
    }

    private SourceVerdict Learn(int from, UInt128 source, long now)
    {
        if (Limits[from] == 0)
        {
            return SourceVerdict.LearnLimited;
        }

        long fullAt = Math.Max(now, _tokenTime.GetValueOrDefault(from)) + TokenInterval;
        if (fullAt > now + (16 * TokenInterval))
        {
            return SourceVerdict.LearnRateLimited;
        }

        if (!HasRoom(from))
        {
            return SourceVerdict.LearnLimited;
        }

        _tokenTime[from] = fullAt;
        Evict(from, Limits[from] - 1);
        _learned.Add(source, new Entry(from, now, IsPinned: false, Packets: 0));
        return SourceVerdict.Learned;
    }

    private bool HasRoom(int peer)
    {
        IEnumerable<Entry> own = _learned.Values.Where(entry => entry.Peer == peer);
        return own.Count() < Limits[peer] || own.Any(entry => !entry.IsPinned);
    }

    public readonly record struct Entry(int Peer, long LastReceived, bool IsPinned, long Packets);
}
