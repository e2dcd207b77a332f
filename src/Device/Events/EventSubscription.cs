using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using WgNet.Linux;

namespace WgNet.Device.Events;

/// <summary>
/// One subscriber's queue. Whoever tells an event never waits: what does not fit is lost, and the subscriber is told how many
/// before the next event. For one reader.
/// </summary>
public sealed class EventSubscription : IDisposable
{
    /// <summary>Events that wait for the reader.</summary>
    public const int Capacity = 1024;

    private readonly DeviceEvents _events;
    private readonly Channel<Queued> _queue = Channel.CreateBounded<Queued>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private long _lost;
    private long _toldLost;

    internal EventSubscription(DeviceEvents events) => _events = events;

    /// <summary>True as soon as <see cref="TryRead"/> has something; false when nothing will come any more.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _queue.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>The next event, in the order in which they happened. Never waits.</summary>
    public bool TryRead([NotNullWhen(true)] out DeviceEvent? next)
    {
        bool any = _queue.Reader.TryPeek(out Queued queued);
        long lost = any ? queued.LostBefore : Volatile.Read(ref _lost);
        if (lost > _toldLost)
        {
            next = new DeviceEvent(DeviceEventKind.Lost) { WallTime = Clock.WallTime, Number = lost - _toldLost };
            _toldLost = lost;
            return true;
        }

        next = any && _queue.Reader.TryRead(out queued) ? queued.Event : null;
        return next is not null;
    }

    /// <summary>Ends the subscription.</summary>
    public void Dispose()
    {
        _events.Unsubscribe(this);
        Complete();
    }

    internal void Offer(DeviceEvent happened)
    {
        if (!_queue.Writer.TryWrite(new Queued(happened, Volatile.Read(ref _lost))))
        {
            _ = Interlocked.Increment(ref _lost);
        }
    }

    internal void Complete() => _queue.Writer.TryComplete();

    private readonly record struct Queued(DeviceEvent Event, long LostBefore);
}
