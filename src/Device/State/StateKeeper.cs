using WgNet.Linux;

namespace WgNet.Device;

/// <summary>
/// Decides when the state is written, and does it on a thread of its own, since disks are slow. Who reports a change pays a volatile
/// read, and for the first one since the last writing a compare-and-swap and a wake-up. With nothing to write the thread sleeps
/// without end. That something cannot be written stops nothing: it is logged once, counted, and tried again with the next change.
/// </summary>
/// <param name="store">Null keeps nothing.</param>
/// <param name="interval">Nanoseconds; see <see cref="WriteSchedule"/>.</param>
/// <param name="collect">Adds all that is known at a time of <see cref="Clock.BootTime"/>; called under no lock but this object's.</param>
internal sealed class StateKeeper(StateStore? store, long interval, Action<SavedStateWriter, long> collect, Log log)
{
    private readonly object _wake = new();
    private readonly WriteSchedule _schedule = new(interval);
    private int _mark;
    private bool _stopped;

    // One at a time is at the file; guards what follows.
    private readonly Lock _disk = new();
    private volatile bool _isOn = true;
    private bool _isFinished;
    private bool _isFailing;
    private long _failures;
    private int _leftOut;

    /// <summary>Whether the state is to be kept.</summary>
    public bool IsOn => _isOn;

    /// <summary>Whether there is a file to keep it in.</summary>
    public bool HasFile => store is not null;

    /// <summary>How often it could not be written.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>The peers of the state that is there, with their ages now. Before <see cref="Run"/>.</summary>
    public IEnumerable<SavedPeer> Load()
    {
        string? problem = null;
        SavedState? state = store?.Load(out problem);
        if (problem is not null)
        {
            log.Error(problem);
        }

        if (state is null)
        {
            return [];
        }

        log.Verbose($"{store!.Path}: {state.Peers.Count} peers were known, and {state.Peers.Sum(peer => peer.Learned.Count)} addresses learned");
        return state.PeersAt(Clock.WallTime);
    }

    /// <summary>Something happened that a restart should not undo. Made first, reported then.</summary>
    public void Note(StateMark mark)
    {
        if (store is null || !_isOn)
        {
            return;
        }

        int seen = Volatile.Read(ref _mark);
        while (seen < (int)mark)
        {
            int before = Interlocked.CompareExchange(ref _mark, (int)mark, seen);
            if (before == seen)
            {
                Wake();
                return;
            }

            seen = before;
        }
    }

    /// <summary>Off leaves no file, at once; on again writes one soon.</summary>
    public void Switch(bool on)
    {
        if (on == _isOn)
        {
            return;
        }

        _isOn = on;
        if (on)
        {
            Note(StateMark.Changed);
            return;
        }

        // A write that had begun is over when the lock is ours, and none begins.
        lock (_disk)
        {
            Try(() => store?.Remove());
        }
    }

    /// <summary>The thread.</summary>
    public void Run()
    {
        while (WaitUntilDue())
        {
            long began = Clock.BootTime;
            Write();
            _schedule.End(began, Clock.BootTime);
        }
    }

    /// <summary>Ends <see cref="Run"/> and writes once more, the last time.</summary>
    public void Finish()
    {
        lock (_wake)
        {
            _stopped = true;
            Monitor.Pulse(_wake);
        }

        lock (_disk)
        {
            Write();
            _isFinished = true;
        }
    }

    private void Write()
    {
        lock (_disk)
        {
            if (_isOn && !_isFinished && store is not null)
            {
                Try(() => NoteLeftOut(store.Save(Clock.WallTime / SavedState.Millisecond, writer => collect(writer, Clock.BootTime))));
            }
        }
    }

    private bool WaitUntilDue()
    {
        lock (_wake)
        {
            while (!_stopped)
            {
                long now = Clock.BootTime;
                _schedule.Note((StateMark)Volatile.Read(ref _mark), now);
                if (_schedule.Due <= now)
                {
                    // Taken before anything is read: what is reported from now on may be missing in what is written now.
                    _schedule.Begin();
                    _ = Interlocked.Exchange(ref _mark, (int)StateMark.None);
                    return true;
                }

                long milliseconds = ((_schedule.Due - now) / SavedState.Millisecond) + 1;
                Monitor.Wait(_wake, _schedule.Due == WriteSchedule.Never ? Timeout.Infinite : (int)Math.Min(int.MaxValue, milliseconds));
            }

            return false;
        }
    }

    private void Wake()
    {
        lock (_wake)
        {
            Monitor.Pulse(_wake);
        }
    }

    private void Try(Action diskWork)
    {
        try
        {
            diskWork();
            if (_isFailing)
            {
                log.Error($"{store!.Path} is kept again");
            }

            _isFailing = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _ = Interlocked.Increment(ref _failures);
            if (!_isFailing)
            {
                log.Error($"{store!.Path} cannot be kept, and a restart will know what it knew before: {e.Message}");
            }

            _isFailing = true;
        }
    }

    private void NoteLeftOut(int peers)
    {
        if (peers > 0 && _leftOut == 0)
        {
            log.Error($"{store!.Path} may hold no more: {peers} peers are not in it");
        }

        _leftOut = peers;
    }
}
