namespace WgNet.Device;

/// <summary>What has happened since the state was written.</summary>
internal enum StateMark
{
    None,

    /// <summary>Only ages and counts are older than they could be.</summary>
    Aged,

    /// <summary>A peer roamed: it can with every packet, and whoever asks for it at its old place loses little.</summary>
    Moved,

    /// <summary>An address, a pin or a configured endpoint is another one.</summary>
    Changed,
}

/// <summary>
/// When the state is to be written. What changed is written a second later, since changes come together, and never sooner than five
/// seconds after the last time. That a peer moved is written a second later, too, but not sooner than a minute after the last time; what
/// only aged is written within a minute. A state so large that writing it takes long is written less often: a twentieth of the time at
/// most. Pure: time comes in. Not thread-safe.
/// </summary>
/// <param name="interval">Nanoseconds between two writes; 0, for tests, writes without a pause.</param>
internal sealed class WriteSchedule(long interval)
{
    public const long Never = long.MaxValue;

    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private const long Second = 1_000_000_000;
    private const long Minute = 60 * Second;
    private const long ShareOfTime = 20;

    private readonly long _movedInterval = interval == 0 ? 0 : Math.Max(interval, Minute);
    private long _lastEnded = -Minute;
    private long _notBefore = long.MinValue;

    /// <summary>When to write next.</summary>
    public long Due { get; private set; } = Never;

    /// <summary>Something happened now, or has and is still not written.</summary>
    public void Note(StateMark mark, long now)
    {
        long wish = mark switch
        {
            StateMark.Changed => now + Math.Min(Second, interval),
            StateMark.Moved => Math.Max(now + Math.Min(Second, interval), _lastEnded + _movedInterval),
            StateMark.Aged => now + Minute,
            _ => Never,
        };
        Due = Math.Min(Due, Math.Max(wish, _notBefore));
    }

    /// <summary>The state is being written; what happens from now on asks for another time.</summary>
    public void Begin() => Due = Never;

    /// <summary>It was, or could not be.</summary>
    public void End(long began, long ended)
    {
        _lastEnded = ended;
        _notBefore = ended + (interval == 0 ? 0 : Math.Max(interval, ShareOfTime * (ended - began)));
    }
}
