using System.Net;
using WgNet.Linux;

namespace WgNet.Device;

/// <summary>
/// Asks the system's resolver for peers' names when they are due. A question may take as long as a name server that is not there lets
/// it, and cannot be taken back: so it is asked on threads of its own, at most <see cref="MostThreads"/>, so that one that hangs holds up
/// neither packets nor the control socket nor, mostly, the next question. The first thread begins with the first question; one sleeps
/// until the next one is due, without end while none is; those that find another one asleep end.
/// </summary>
/// <param name="resolve">As <see cref="DeviceOptions.ResolveName"/>.</param>
/// <param name="answered">Told the usable addresses, or why there are none; one call at a time, none after <see cref="Stop"/>.</param>
internal sealed class NameResolver(Func<string, IPAddress[]> resolve, Action<Peer, PeerName, IPAddress[], string> answered)
{
    /// <summary>Questions at a time.</summary>
    public const int MostThreads = 4;

    /// <summary>Nanoseconds between the beginnings of two questions, whoever they are for: a hundred a second.</summary>
    public const long Spacing = 10_000_000;

    private readonly object _lock = new();
    private readonly PriorityQueue<(Peer Peer, PeerName Name), long> _questions = new();
    private int _threads;
    private bool _isOneWaiting;
    private bool _stopped;
    private long _notBefore = long.MinValue;

    // Held while somebody is told.
    private readonly Lock _telling = new();

    /// <summary>Asks at <see cref="PeerName.Due"/>, if that is still the peer's name by then.</summary>
    public void Ask(Peer peer, PeerName name)
    {
        long due = name.Due;
        if (due == PeerName.Never)
        {
            return;
        }

        lock (_lock)
        {
            if (!_stopped)
            {
                _questions.Enqueue((peer, name), due);
                WakeOrStart();
            }
        }
    }

    /// <summary>Nobody is told anything when this has returned. A question that is under way ends by itself, or with the process.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _stopped = true;
            Monitor.PulseAll(_lock);
        }

        _telling.Enter();
        _telling.Exit();
    }

    // Under the lock.
    private void WakeOrStart()
    {
        if (_isOneWaiting)
        {
            Monitor.Pulse(_lock);
        }
        else if (_threads < MostThreads)
        {
            _threads++;
            new Thread(Run) { IsBackground = true, Name = "names" }.Start();
        }
    }

    private void Run()
    {
        while (Take() is var (peer, name))
        {
            _ = NameLookup.TryResolve(resolve, name.Host, out IPAddress[] addresses, out string reason);
            lock (_telling)
            {
                if (!Volatile.Read(ref _stopped))
                {
                    answered(peer, name, addresses, reason);
                }
            }

            // Once more, if that was of no use.
            Ask(peer, name);
        }
    }

    // The next question, when it is due; null where this thread is not needed any more.
    private (Peer Peer, PeerName Name)? Take()
    {
        lock (_lock)
        {
            while (!_stopped)
            {
                long now = Clock.BootTime;
                long wake = PeerName.Never;
                if (_questions.TryPeek(out (Peer Peer, PeerName Name) question, out long due))
                {
                    wake = Math.Max(due, _notBefore);
                    if (question.Peer.Name != question.Name)
                    {
                        _ = _questions.Dequeue();
                        continue;
                    }

                    if (wake <= now)
                    {
                        _ = _questions.Dequeue();
                        if (question.Name.TryBeginQuestion(now, Random.Shared.NextInt64(PeerName.Jitter)))
                        {
                            _notBefore = now + Spacing;
                            LeaveTheRestToAnother();
                            return question;
                        }

                        continue;
                    }
                }

                if (_isOneWaiting)
                {
                    break;
                }

                _isOneWaiting = true;
                Monitor.Wait(_lock, wake == PeerName.Never ? Timeout.Infinite : (int)Math.Min(int.MaxValue, ((wake - now) / 1_000_000) + 1));
                _isOneWaiting = false;
            }

            _threads--;
            return null;
        }
    }

    private void LeaveTheRestToAnother()
    {
        if (_questions.Count > 0)
        {
            WakeOrStart();
        }
    }
}
