using WgNet.Device.Events;
using Xunit;

namespace WgNet.Unit.Device.Events;

/// <summary>A subscriber's queue is bounded, and what it lost is told in its place.</summary>
public sealed class EventSubscriptionTests
{
    private readonly DeviceEvents _events = new();

    [Fact]
    public void Loss_AtTheEndOfTheQueue_IsToldAfterWhatWasKept()
    {
        using EventSubscription subscription = _events.Subscribe()!;
        Offer(subscription, EventSubscription.Capacity + 10);

        List<DeviceEvent> read = Read(subscription);

        Assert.Equal(Enumerable.Range(0, EventSubscription.Capacity).Select(i => (long?)i), read.SkipLast(1).Select(e => e.Number));
        Assert.Equal((DeviceEventKind.Lost, 10L), (read[^1].Kind, read[^1].Number));
        Assert.Empty(Read(subscription));
    }

    [Fact]
    public void Loss_BetweenTwoEvents_IsToldBeforeTheSecond()
    {
        using EventSubscription subscription = _events.Subscribe()!;
        Offer(subscription, EventSubscription.Capacity + 5);
        Assert.True(subscription.TryRead(out _));
        Offer(subscription, 1, first: 7_000);

        List<DeviceEvent> read = Read(subscription);

        Assert.Equal((DeviceEventKind.Lost, 5L), (read[^2].Kind, read[^2].Number));
        Assert.Equal(7_000, read[^1].Number);
    }

    [Fact]
    public async Task WritersAndASlowReader_SeeEveryEventReadOrCountedAsLost()
    {
        const int Writers = 2, Each = 100_000;
        using EventSubscription subscription = _events.Subscribe()!;
        Task[] writers = [.. Enumerable.Range(0, Writers).Select(_ => Task.Run(() => Offer(subscription, Each)))];
        long read = 0, lost = 0;
        var all = Task.WhenAll(writers);
        bool isLast;
        do
        {
            isLast = all.IsCompleted;
            foreach (DeviceEvent happened in Read(subscription))
            {
                read += happened.Kind == DeviceEventKind.Lost ? 0 : 1;
                lost += happened.Kind == DeviceEventKind.Lost ? happened.Number!.Value : 0;
            }

            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
        while (!isLast);
        Assert.Equal(Writers * Each, read + lost);
        Assert.True(lost > 0, "the reader was never too slow, so that nothing was tested");
    }

    [Fact]
    public void SubscriberThatNeverReads_HoldsNoMoreThanItsQueue()
    {
        using EventSubscription subscription = _events.Subscribe()!;
        Offer(subscription, EventSubscription.Capacity);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Offer(subscription, 1_000_000);

        // Other tests allocate meanwhile; a million events held would be a hundred megabytes.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 20 << 20);
        Assert.Equal(1_000_000, Read(subscription)[^1].Number);
    }

    [Fact]
    public async Task Wait_WithNothingThere_EndsWithTheNextEventAndWithTheDevice()
    {
        using EventSubscription subscription = _events.Subscribe()!;
        var next = subscription.WaitAsync(TestContext.Current.CancellationToken).AsTask();
        await Task.Delay(TunnelPair.Shortly, TestContext.Current.CancellationToken);
        Assert.False(next.IsCompleted);
        Offer(subscription, 1);
        Assert.True(await next);
        _ = Read(subscription);

        _events.Close();
        Assert.False(await subscription.WaitAsync(TestContext.Current.CancellationToken));
        Assert.Null(_events.Subscribe());
    }

    [Fact]
    public void Subscribers_MoreThan64_AreRefusedUntilOneLeaves()
    {
        List<EventSubscription> all = [.. Enumerable.Range(0, 64).Select(_ => _events.Subscribe()!)];
        Assert.DoesNotContain(null, all);
        Assert.Null(_events.Subscribe());
        all[10].Dispose();
        Assert.NotNull(_events.Subscribe());
        Assert.Null(_events.Subscribe());
    }

    private static void Offer(EventSubscription subscription, int count, int first = 0)
    {
        for (int i = 0; i < count; i++)
        {
            subscription.Offer(new DeviceEvent(DeviceEventKind.Refused) { WallTime = 1, Number = first + i });
        }
    }

    private static List<DeviceEvent> Read(EventSubscription subscription)
    {
        List<DeviceEvent> read = [];
        while (subscription.TryRead(out DeviceEvent? next))
        {
            read.Add(next);
        }

        return read;
    }
}
