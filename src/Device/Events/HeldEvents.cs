namespace WgNet.Device.Events;

/// <summary>Of which peers which kinds of events are held back, and until when; the events are with the peer. At most one a peer and kind. Thread-safe.</summary>
internal sealed class HeldEvents
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<(Peer Peer, int Kind), long> _queue = new();
    private long _due = long.MaxValue;

    /// <summary>When the next one is to be told, of <see cref="Linux.Clock.BootTime"/>; <see cref="long.MaxValue"/> while none is held back.</summary>
    public long Due => Volatile.Read(ref _due);

    public void Add(Peer peer, int kind, long due)
    {
        lock (_lock)
        {
            _queue.Enqueue((peer, kind), due);
            NoteDue();
        }
    }

    /// <summary>One that is due, if any.</summary>
    public bool TryTake(long now, out (Peer Peer, int Kind) held)
    {
        lock (_lock)
        {
            bool isDue = _queue.TryPeek(out held, out long due) && due <= now;
            if (isDue)
            {
                _ = _queue.Dequeue();
                NoteDue();
            }

            return isDue;
        }
    }

    private void NoteDue() => Volatile.Write(ref _due, _queue.TryPeek(out _, out long due) ? due : long.MaxValue);
}
