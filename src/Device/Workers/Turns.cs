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
/// <para>While the turns are paused nobody reads: the workers finish what they have, and wait.</para>
/// </summary>
/// <param name="workers">Who takes turns; alone, one waits only while they are paused.</param>
internal sealed class Turns(int workers)
{
    private readonly object _read = new();

    // Where the holder of a ticket waits for its turn to write: no two that are out at a time meet in a slot.
    private readonly object[] _write = [.. Enumerable.Range(0, workers).Select(_ => new object())];

    // Guarded by _read.
    private bool _isReading;
    private long _nextTicket;

    private long _writing;

    // Changed under _read.
    private volatile bool _stopping;
    private volatile bool _paused;

    // Guarded by _read. Whoever comes back from the last of the work says it: nobody is woken for that.
    private bool _saidQuiet;

    /// <summary>
    /// The turns are paused, and everything that was read is written: once a pause, on the thread of a worker, which holds no lock. It may
    /// come late; <see cref="AreQuiet"/> says whether it still holds.
    /// </summary>
    public event Action? Quiet;

    public int Workers => workers;

    public bool AreShared => workers > 1;

    /// <summary>Nobody is to wait for anything to read.</summary>
    public bool AreEnding => _stopping || _paused;

    /// <summary>Nobody reads, or holds what it has read, or begins to. Of a worker alone, only it can say so.</summary>
    public bool AreQuiet
    {
        get
        {
            lock (_read)
            {
                return IsQuiet;
            }
        }
    }

    /// <summary>Waits until nobody reads. False when the workers are to end.</summary>
    public bool TryBeginRead() => AreShared || AreEnding ? TryBeginLockedRead() : true;

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

    /// <summary>
    /// The same, until <see cref="Resume"/>. <see cref="Quiet"/> follows when whoever reads has come back from it, which may need waking,
    /// unless that comes first.
    /// </summary>
    public void Pause()
    {
        lock (_read)
        {
            _paused = true;
            _saidQuiet = false;
        }
    }

    /// <summary>One worker reads again, and wakes others as ever.</summary>
    public void Resume()
    {
        lock (_read)
        {
            _paused = false;
            Monitor.Pulse(_read);
        }
    }

    private bool TryBeginLockedRead()
    {
        for (; ; )
        {
            lock (_read)
            {
                while ((_isReading || _paused) && !_stopping && !IsUnsaid)
                {
                    Monitor.Wait(_read);
                }

                if (_stopping || !IsUnsaid)
                {
                    _isReading = AreShared;
                    return !_stopping;
                }

                _saidQuiet = true;
            }

            Quiet?.Invoke();
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

    private bool IsQuiet => _paused && !_isReading && _nextTicket == Volatile.Read(ref _writing);

    private bool IsUnsaid => IsQuiet && !_saidQuiet;

    private object Slot(long ticket) => _write[ticket % workers];
}
