namespace WgNet.Device;

/// <summary>
/// How the workers of one direction share it without reordering a packet: they read one after the other, each drawing a ticket,
/// work at the same time, and write one after the other in the order of the tickets.
/// <code>
///  worker 1   read 0 | work ........ | write 0 | read 2 | work ........ | write 2
///  worker 2            read 1 | work ........ | write 1 |          (waits to read: parked)
/// </code>
/// Who comes back from writing may read again at once, and a parked worker is woken only when more was read than one should
/// carry alone. So a quiet interface is one thread's business, and costs what a single worker costs.
/// </summary>
/// <param name="workers">Who takes turns; alone, one never waits.</param>
internal sealed class Turns(int workers)
{
    private readonly object _read = new();

    // Where the holder of a ticket waits for its turn to write: no two that are out at a time meet in a slot.
    private readonly object[] _write = [.. Enumerable.Range(0, workers).Select(_ => new object())];

    // Guarded by _read.
    private bool _isReading;
    private long _nextTicket;

    private long _writing;
    private volatile bool _stopping;

    public bool IsStopping => _stopping;

    public bool AreShared => workers > 1;

    /// <summary>Waits until nobody reads. False when the workers are to end.</summary>
    public bool TryBeginRead() => AreShared ? TryBeginSharedRead() : !_stopping;

    /// <summary>Lets the next one read, and draws the ticket of what was read.</summary>
    /// <param name="wakeAnother">Whether it is worth a parked worker's while.</param>
    public long EndRead(bool wakeAnother) => AreShared ? EndSharedRead(wakeAnother) : 0;

    /// <summary>Waits until everything that was read before has been written.</summary>
    public void BeginWrite(long ticket)
    {
        if (AreShared && Volatile.Read(ref _writing) != ticket)
        {
            WaitToWrite(ticket);
        }
    }

    /// <summary>Every ticket's turn has to end, whether there was something to write or not.</summary>
    public void EndWrite(long ticket)
    {
        if (AreShared)
        {
            EndSharedWrite(ticket);
        }
    }

    /// <summary>Nobody begins to read any more; what was read is still written.</summary>
    public void Stop()
    {
        lock (_read)
        {
            _stopping = true;
            Monitor.PulseAll(_read);
        }
    }

    private bool TryBeginSharedRead()
    {
        lock (_read)
        {
            while (_isReading && !_stopping)
            {
                Monitor.Wait(_read);
            }

            _isReading = true;
            return !_stopping;
        }
    }

    private long EndSharedRead(bool wakeAnother)
    {
        lock (_read)
        {
            _isReading = false;
            if (wakeAnother)
            {
                Monitor.Pulse(_read);
            }

            return _nextTicket++;
        }
    }

    private void WaitToWrite(long ticket)
    {
        object slot = Slot(ticket);
        lock (slot)
        {
            while (Volatile.Read(ref _writing) != ticket)
            {
                Monitor.Wait(slot);
            }
        }
    }

    private void EndSharedWrite(long ticket)
    {
        Volatile.Write(ref _writing, ticket + 1);
        object next = Slot(ticket + 1);
        lock (next)
        {
            Monitor.Pulse(next);
        }
    }

    private object Slot(long ticket) => _write[ticket % workers];
}
