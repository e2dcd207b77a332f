using WgNet.Learning;

namespace WgNet.Unit.Learning;

/// <summary>
/// The rules once more, as plainly as they can be said: one dictionary, linear searches, no threads. Learnable and static prefixes
/// are given as functions, since they have tests of their own.
/// </summary>
internal sealed class LearnerModel(Func<int, UInt128, int> learnableLength, Func<UInt128, (int Owner, int Length)> staticOwner)
{
    private const long TokenInterval = 600_000_000_000 / 16;

    private readonly Dictionary<UInt128, (int Peer, long LastReceived)> _learned = [];
    private readonly Dictionary<int, long> _tokenTime = [];

    public Dictionary<int, int> Limits { get; } = [];

    public Dictionary<int, long> Timeouts { get; } = [];

    public SourceVerdict Check(int from, UInt128 source, long now)
    {
        if (Owner(source, now) is { } owner)
        {
            if (owner == from && now - _learned[source].LastReceived >= Math.Min(1_000_000_000, Timeouts[from] / 64))
            {
                _learned[source] = (from, now);
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
        _learned.TryGetValue(address, out (int Peer, long LastReceived) entry) && now - entry.LastReceived < Timeouts[entry.Peer] ? entry.Peer : null;

    public int Count(int peer, long now) => _learned.Keys.Count(address => Owner(address, now) == peer);

    public void Forget(UInt128 address) => _learned.Remove(address);

    public void Purge(Func<int, UInt128, bool> contradicts)
    {
        foreach ((UInt128 address, (int peer, long _)) in _learned.ToArray())
        {
            if (contradicts(peer, address))
            {
                _ = _learned.Remove(address);
            }
        }
    }

    public void Evict(int peer, int count)
    {
        foreach (UInt128 address in _learned.Where(entry => entry.Value.Peer == peer).OrderByDescending(entry => entry.Value.LastReceived)
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

        _tokenTime[from] = fullAt;
        Evict(from, Limits[from] - 1);
        _learned.Add(source, (from, now));
        return SourceVerdict.Learned;
    }
}
