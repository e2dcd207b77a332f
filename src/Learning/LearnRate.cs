namespace WgNet.Learning;

/// <summary>
/// A peer's token bucket: 16 tokens, 16 more in 10 minutes, one for each address learned. Kept as the time at which the bucket
/// will be full again. Tokens are taken under the peer's lock; whether there is one may be asked by anybody.
/// </summary>
internal sealed class LearnRate
{
    public const int Burst = 16;
    public const long Interval = 600_000_000_000 / Burst;

    private long _fullAt = long.MinValue;

    public bool HasToken(long now) => FullAt(now) + Interval <= now + (Burst * Interval);

    public void Take(long now) => Volatile.Write(ref _fullAt, FullAt(now) + Interval);

    // An empty bucket takes Burst intervals to be full. What lies further ahead is from before the clock was set back, and must not
    // keep the peer from learning until the old time comes again. An interval more is for workers, whose clocks differ by what a batch
    // takes: the one behind must not find the bucket full that the one ahead has emptied.
    private long FullAt(long now)
    {
        long fullAt = Volatile.Read(ref _fullAt);
        return fullAt <= now + ((Burst + 1) * Interval) ? Math.Max(fullAt, now) : now;
    }
}
