using WgNet.Learning;

namespace WgNet.Device.Events;

/// <summary>What is to be done with an event that just happened.</summary>
internal enum EventTurn
{
    /// <summary>It is told.</summary>
    Tell,

    /// <summary>It is the first one held back: it will be told when the interval is over, with the number of those that it stands for.</summary>
    Hold,

    /// <summary>It is counted with the one that is held back.</summary>
    Count,
}

/// <summary>
/// How often events of one peer are told that it can cause with every packet. Of each kind the first one is told; those of the ten
/// seconds after it are held back, and told as one at their end; and so on while more come. Lock-free.
/// </summary>
/// <param name="held">Where it is known that some are held back. What was kept from the subscribers of an earlier time is nothing to new ones.</param>
internal sealed class EventLimits(Peer peer, HeldEvents held)
{
    /// <summary>Nanoseconds.</summary>
    public const long Interval = 10_000_000_000;

    /// <summary>The kind of a change of the endpoint; those of refused packets are their <see cref="SourceVerdict"/>.</summary>
    public const int Endpoint = (int)SourceVerdict.Count;

    public const int Kinds = Endpoint + 1;

    private readonly Limit[] _limits = NewLimits();

    public HeldEvents Held => held;

    /// <param name="now">Of <see cref="Linux.Clock.BootTime"/>.</param>
    public EventTurn Take(int kind, long now)
    {
        ref Limit limit = ref _limits[kind];
        long next = Volatile.Read(ref limit.Next);
        if (now >= next && Volatile.Read(ref limit.Number) == 0 && Interlocked.CompareExchange(ref limit.Next, now + Interval, next) == next)
        {
            return EventTurn.Tell;
        }

        return Interlocked.Increment(ref limit.Number) == 1 ? EventTurn.Hold : EventTurn.Count;
    }

    /// <summary>After <see cref="EventTurn.Hold"/>; returns when it is to be told.</summary>
    public long Hold(int kind, DeviceEvent first)
    {
        ref Limit limit = ref _limits[kind];
        long due = Volatile.Read(ref limit.Next);
        Volatile.Write(ref limit.First, first);
        held.Add(peer, kind, due);
        return due;
    }

    /// <summary>What is held back, with its number, or null; the next interval begins.</summary>
    public DeviceEvent? Release(int kind, long now)
    {
        ref Limit limit = ref _limits[kind];
        DeviceEvent? first = Interlocked.Exchange(ref limit.First, null);
        if (first is null)
        {
            return null;
        }

        // In this order: who counts after the exchange is the first of the next interval.
        Volatile.Write(ref limit.Next, now + Interval);
        return first with { Number = Interlocked.Exchange(ref limit.Number, 0) };
    }

    private static Limit[] NewLimits()
    {
        var limits = new Limit[Kinds];
        Array.Fill(limits, new Limit { Next = long.MinValue });
        return limits;
    }

    private struct Limit
    {
        /// <summary>When one may be told again.</summary>
        public long Next;

        /// <summary>Of those that are held back.</summary>
        public long Number;

        public DeviceEvent? First;
    }
}
