using WgNet.Learning;

namespace WgNet.Device.Events;

/// <summary>
/// How often events are told that a peer can cause with every packet: once in ten seconds a kind, with the number of those that it
/// stands for. Lock-free.
/// </summary>
/// <param name="since">Whose counts these are: what was kept back from the subscribers of an earlier time is nothing to new ones.</param>
internal sealed class EventLimits(object since)
{
    /// <summary>Nanoseconds.</summary>
    public const long Interval = 10_000_000_000;

    private const int Endpoint = (int)SourceVerdict.Count;

    private readonly Limit[] _limits = NewLimits();

    public object Since => since;

    /// <inheritdoc cref="TryTake"/>
    public bool TryTellVerdict(SourceVerdict verdict, long now, out long number) => TryTake(ref _limits[(int)verdict], now, out number);

    /// <inheritdoc cref="TryTake"/>
    public bool TryTellEndpoint(long now, out long number) => TryTake(ref _limits[Endpoint], now, out number);

    /// <summary>Counts one; true if it is to be told now.</summary>
    /// <param name="number">It, and those that were kept back since the last that was told.</param>
    private static bool TryTake(ref Limit limit, long now, out long number)
    {
        _ = Interlocked.Increment(ref limit.Number);
        long next = Volatile.Read(ref limit.Next);
        bool isDue = now >= next && Interlocked.CompareExchange(ref limit.Next, now + Interval, next) == next;
        number = isDue ? Interlocked.Exchange(ref limit.Number, 0) : 0;
        return isDue;
    }

    private static Limit[] NewLimits()
    {
        var limits = new Limit[Endpoint + 1];
        Array.Fill(limits, new Limit { Next = long.MinValue });
        return limits;
    }

    private struct Limit
    {
        public long Next;
        public long Number;
    }
}
