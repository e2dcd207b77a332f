using System.Diagnostics.CodeAnalysis;
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
    private bool _woken;
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
            _woken = true;
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
        while (true)
        {
            // Awake: who has something new says so under the lock.
            Interlocked.Exchange(ref _sleepsUntil, long.MaxValue);

            // Without the lock, for which packets wait: of many peers it takes its time.
            long now = Clock.BootTime;
            long wake = Math.Min(device.ExpireLearned(now), device.Events.TellHeld(now));
            lock (_lock)
            {
                if (_stopped)
                {
                    return null;
                }

                if (TryTakePeer(now, ref wake, out Peer? peer))
                {
                    return peer;
                }

                if (!_woken)
                {
                    Volatile.Write(ref _sleepsUntil, wake);
                    Monitor.Wait(_lock, wake == long.MaxValue ? Timeout.Infinite : (int)Math.Min(int.MaxValue, ((wake - now) / 1_000_000) + 1));
                }

                _woken = false;
            }
        }
    }

    // The first peer whose deadline has passed; or brings the time to wake forward to the first that has not.
    private bool TryTakePeer(long now, ref long wake, [NotNullWhen(true)] out Peer? peer)
    {
        while (_heap.TryPeek(out peer, out long deadline))
        {
            if (deadline == peer.Session.ScheduledFor)
            {
                if (deadline > now)
                {
                    wake = Math.Min(wake, deadline);
                    return false;
                }

                peer.Session.ScheduledFor = long.MaxValue;
                _heap.Dequeue();
                return true;
            }

            _heap.Dequeue();
        }

        return false;
    }
}
