using WgNet.Tun;

namespace WgNet.Device;

/// <summary>
/// Which thread waits for packets of the interface. Under load the outbound workers do. Without load, the inbound worker that waits for
/// datagrams waits for packets, too, and passes both on; the outbound workers are paused. A packet and the answer to it then
/// take the same thread, on one core, in whose caches the way lies from the one to the other, and nobody is woken in between. Nothing
/// is reordered: whoever takes over does so when all that the other has read is sent.
/// <code>
///  outbound workers   read, send, read, send |     (paused)      | read, send …
///  inbound worker     receive, write ...     | both, in turn     | receive, write …
///                  for 100 ms came no load   ^    load came      ^
/// </code>
/// See docs/adr/0020-one-thread-while-little-comes.md. Members may be called from any thread.
/// </summary>
/// <param name="calm">For how long there must have been no load.</param>
internal sealed class InterfaceWatch(ITunDevice tun, TimeSpan calm)
{
    public static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(100);

    private readonly long _calm = (long)calm.TotalNanoseconds;
    private readonly Lock _change = new();

    // Changed under the lock.
    private volatile Turns? _outbound;

    // Guarded by the lock.
    private Action? _wakeInbound;

    private volatile Watcher _watcher = Watcher.Outbound;

    // When much came, and when each direction had to have threads of its own.
    private long _lastMuchIn = -(long)calm.TotalNanoseconds;
    private long _lastMuchOut = -(long)calm.TotalNanoseconds;
    private long _lastLoad = -(long)calm.TotalNanoseconds;

    private enum Watcher
    {
        Outbound,

        // Paused, but one of them may still be at work.
        Nobody,
        Inbound,
    }

    /// <summary>What an inbound worker is to wait for beside its sockets, while it holds the turn to receive; −1: nothing.</summary>
    public int Descriptor => _watcher == Watcher.Inbound ? tun.Descriptor : -1;

    /// <summary>The outbound workers, before they start. No inbound one may be watching.</summary>
    public void SetOutbound(Turns turns)
    {
        turns.Quiet += OutboundIsQuiet;
        lock (_change)
        {
            _outbound = turns;
        }
    }

    /// <summary>From now on there are inbound workers that can watch.</summary>
    /// <param name="wake">Ends the wait of the one that receives.</param>
    public void BeginInbound(Action wake)
    {
        lock (_change)
        {
            _wakeInbound = wake;
        }
    }

    /// <summary>There are none any more: they have ended.</summary>
    public void EndInbound()
    {
        lock (_change)
        {
            _wakeInbound = null;
        }

        HandBack();
    }

    /// <summary>
    /// A worker read much at once. With several workers a direction that is load. With one, only if much came the other way a moment
    /// ago: threads of their own for a stream and its acknowledgements would wait for processors that the rest of its way needs.
    /// To be said when <see cref="CameLoad"/> is.
    /// </summary>
    /// <param name="now"><see cref="Linux.Clock.BootTime"/>.</param>
    public void CameMuch(bool isInbound, long now)
    {
        Volatile.Write(ref isInbound ? ref _lastMuchIn : ref _lastMuchOut, now);
        long other = Volatile.Read(ref isInbound ? ref _lastMuchOut : ref _lastMuchIn);
        if (now - other < _calm || _outbound is { AreShared: true })
        {
            CameLoad(now);
        }
    }

    /// <summary>
    /// Each direction needs threads of its own: small packets come in bursts, or more messages than are received at once, or a worker was
    /// held up, or does not know what ails the interface. To be said when all that it has of the interface is sent, but before anybody can
    /// take over: an outbound worker before its turn ends, an inbound one while it holds the turn to receive.
    /// </summary>
    /// <param name="now"><see cref="Linux.Clock.BootTime"/>.</param>
    public void CameLoad(long now)
    {
        Volatile.Write(ref _lastLoad, now);
        HandBack();
    }

    /// <summary>An outbound worker read something that was not load, as far as it knows, and its turn has ended.</summary>
    public void CameLittle(long now)
    {
        if (_watcher == Watcher.Outbound && now - Volatile.Read(ref _lastLoad) >= _calm && tun.Descriptor >= 0)
        {
            HandOver();
        }
    }

    private void HandBack()
    {
        if (_watcher == Watcher.Outbound)
        {
            return;
        }

        lock (_change)
        {
            _watcher = Watcher.Outbound;
            _outbound?.Resume();
        }
    }

    private void HandOver()
    {
        lock (_change)
        {
            if (_watcher == Watcher.Outbound && _wakeInbound is not null)
            {
                _watcher = Watcher.Nobody;
                _outbound!.Pause();
                if (_outbound.AreShared)
                {
                    // Another may be waiting to read.
                    tun.Wake();
                }
            }
        }
    }

    private void OutboundIsQuiet()
    {
        lock (_change)
        {
            if (_watcher == Watcher.Nobody && _outbound!.AreQuiet)
            {
                _watcher = Watcher.Inbound;
                _wakeInbound!();
            }
        }
    }
}
