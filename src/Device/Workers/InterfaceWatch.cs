using WgNet.Tun;

namespace WgNet.Device;

/// <summary>
/// Which thread waits for packets of the interface. Under load the outbound workers do. While little comes, the inbound worker that
/// waits for datagrams waits for packets, too, and passes both on; the outbound workers are paused. A packet and the answer to it then
/// take the same thread, on one core, in whose caches the way lies from the one to the other, and nobody is woken in between. Nothing
/// is reordered: whoever takes over does so when all that the other has read is sent.
/// <code>
///  outbound workers   read, send, read, send |     (paused)      | read, send …
///  inbound worker     receive, write ...     | both, in turn     | receive, write …
///                     for 100 ms little came ^    much came      ^
/// </code>
/// See docs/adr/0020-one-thread-while-little-comes.md. Members may be called from any thread.
/// </summary>
/// <param name="calm">How long nothing large must have come in either direction.</param>
internal sealed class InterfaceWatch(ITunDevice tun, TimeSpan calm)
{
    public static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(100);

    private readonly long _calm = (long)calm.TotalNanoseconds;
    private readonly Lock _change = new();

    // Guarded by the lock.
    private Turns? _outbound;
    private Action? _wakeInbound;

    // Changed under the lock.
    private volatile Watcher _watcher = Watcher.Outbound;

    private long _lastMuch = -(long)calm.TotalNanoseconds;

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
    /// A worker read so much at once that each direction is worth threads of its own, or was held up. To be said when all that it has of
    /// the interface is sent, but before anybody can take over: an outbound worker before its turn ends, an inbound one while it holds the
    /// turn to receive.
    /// </summary>
    /// <param name="now"><see cref="Linux.Clock.BootTime"/>.</param>
    public void CameMuch(long now)
    {
        Volatile.Write(ref _lastMuch, now);
        HandBack();
    }

    /// <summary>An outbound worker read something that was not much, and its turn has ended.</summary>
    public void CameLittle(long now)
    {
        if (_watcher == Watcher.Outbound && now - Volatile.Read(ref _lastMuch) >= _calm && tun.Descriptor >= 0)
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
