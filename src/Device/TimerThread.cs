using WgNet.Linux;

namespace WgNet.Device;

/// <summary>
/// The timer thread: one heap of peers by their next deadline. Timers are lazy: moving a deadline later costs the packet path
/// a store, and the heap finds out when the old one passes. With nothing armed, it sleeps without end.
/// </summary>
internal sealed class TimerThread(WireGuardDevice device)
{
    private readonly object _lock = new();
    private readonly PriorityQueue<Peer, long> _heap = new();
    private long _sleepsUntil = long.MaxValue;
    private bool _stopped;

    /// <summary>Takes the peer's present deadline into account.</summary>
    public void Schedule(Peer peer)
    {
        lock (_lock)
        {
            long deadline = peer.Session.NextDeadline;
            if (deadline >= peer.Session.ScheduledFor)
            {
                return;
            }

            peer.Session.ScheduledFor = deadline;
            _heap.Enqueue(peer, deadline);
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>Something is due then that is no peer's timer; wakes the thread only if it would sleep past that.</summary>
    public void WakeBy(long deadline)
    {
        // What is due was written before: either the thread sees it, or it is seen here that the thread is awake.
        Interlocked.MemoryBarrier();
        if (deadline >= Volatile.Read(ref _sleepsUntil))
        {
            return;
        }

        lock (_lock)
        {
            Monitor.Pulse(_lock);
        }
    }

    public void Run()
    {
        while (TakeDue() is { } peer)
        {
            device.Perform(peer, peer.Session.Poll(Clock.BootTime));
            Schedule(peer);
        }
    }

    public void Stop()
    {
        lock (_lock)
        {
            _stopped = true;
            Monitor.Pulse(_lock);
        }
    }

    private Peer? TakeDue()
    {
        lock (_lock)
        {
            while (!_stopped)
            {
                // Awake: who has something new waits for the lock, and so until the thread sleeps.
                Interlocked.Exchange(ref _sleepsUntil, long.MaxValue);
                long now = Clock.BootTime;
                long wake = Math.Min(device.ExpireLearned(now), device.Events.TellHeld(now));
                if (_heap.TryPeek(out Peer? peer, out long deadline))
                {
                    if (deadline != peer.Session.ScheduledFor)
                    {
                        _heap.Dequeue();
                        continue;
                    }

                    if (deadline <= now)
                    {
                        _heap.Dequeue();
                        peer.Session.ScheduledFor = long.MaxValue;
                        return peer;
                    }

                    wake = Math.Min(wake, deadline);
                }

                Volatile.Write(ref _sleepsUntil, wake);
                Monitor.Wait(_lock, wake == long.MaxValue ? Timeout.Infinite : (int)Math.Min(int.MaxValue, ((wake - now) / 1_000_000) + 1));
            }

            return null;
        }
    }
}
