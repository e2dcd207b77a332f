using WgNet.Device;
using WgNet.Unit.Fakes;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

/// <summary>Who watches the interface: what is read decides, and nobody takes over before the other has finished.</summary>
public sealed class InterfaceWatchTests : IDisposable
{
    private static readonly long Calm = (long)InterfaceWatch.Calm.TotalNanoseconds;

    private readonly MemoryTun _tun = new();
    private readonly Turns _turns = new(workers: 2);
    private readonly InterfaceWatch _watch;
    private volatile int _wakes;

    public InterfaceWatchTests()
    {
        _watch = new InterfaceWatch(_tun, InterfaceWatch.Calm);
        _watch.SetOutbound(_turns);
    }

    [Fact]
    public async Task Little_HandsOver_OnceOutboundWorkersHaveFinished()
    {
        _watch.BeginInbound(() => _wakes++);
        var turn = new Turn(_turns);
        Assert.True(turn.TryRead());
        turn.EndRead(wakeAnother: false);

        _watch.CameLittle(0);

        Assert.True(turn.IsEnding);
        Assert.Equal((-1, 0), (_watch.Descriptor, _wakes));
        turn.End();
        Task<bool> next = Task.Run(turn.TryRead);
        Assert.True(SpinWait.SpinUntil(() => _wakes == 1, Soon));
        Assert.Equal(_tun.Descriptor, _watch.Descriptor);
        Assert.False(next.IsCompleted);

        _watch.CameLoad(Calm);
        Assert.Equal(-1, _watch.Descriptor);
        Assert.True(await next.WaitAsync(Soon));
    }

    [Fact]
    public async Task Little_WhileAnotherWorkerWaitsToRead_WakesIt()
    {
        _watch.BeginInbound(() => _wakes++);
        Task<bool> waiting = Task.Run(_tun.WaitReadable);

        _watch.CameLittle(0);

        Assert.True(await waiting.WaitAsync(Soon));
    }

    [Fact]
    public void Little_SoonAfterLoad_HandsNothingOver()
    {
        _watch.BeginInbound(() => _wakes++);
        _watch.CameLoad(5);

        _watch.CameLittle(5 + Calm - 1);
        Assert.False(_turns.AreEnding);

        _watch.CameLittle(5 + Calm);
        Assert.True(_turns.AreEnding);
    }

    [Fact]
    public void Load_BeforeOutboundWorkersHaveFinished_LeavesItToThem()
    {
        _watch.BeginInbound(() => _wakes++);
        var turn = new Turn(_turns);
        Assert.True(turn.TryRead());
        turn.EndRead(wakeAnother: false);
        _watch.CameLittle(0);

        _watch.CameLoad(1);
        turn.End();

        Assert.True(turn.TryRead());
        Assert.Equal((-1, 0), (_watch.Descriptor, _wakes));
    }

    [Fact]
    public void InboundWorkers_ThatEnd_GiveItBack()
    {
        HandOver();

        _watch.EndInbound();

        Assert.Equal(-1, _watch.Descriptor);
        Assert.False(_turns.AreEnding);
        _watch.CameLittle(Calm * 2);
        Assert.False(_turns.AreEnding);
    }

    [Fact]
    public void NewOutboundWorkers_AreTheOnesPaused()
    {
        HandOver();
        _watch.EndInbound();
        var others = new Turns(workers: 1);

        _watch.SetOutbound(others);
        _watch.BeginInbound(() => _wakes++);
        _watch.CameLittle(Calm * 2);

        Assert.Equal((false, true), (_turns.AreEnding, others.AreEnding));
    }

    [Fact]
    public void InterfaceWithoutDescriptor_StaysWithTheOutboundWorkers()
    {
        _tun.HasDescriptor = false;
        _watch.BeginInbound(() => _wakes++);

        _watch.CameLittle(0);

        Assert.False(_turns.AreEnding);
    }

    public void Dispose()
    {
        _turns.Stop();
        _tun.Dispose();
    }

    private void HandOver()
    {
        _watch.BeginInbound(() => _wakes++);
        _watch.CameLittle(0);
        _ = Task.Run(new Turn(_turns).TryRead);
        Assert.True(SpinWait.SpinUntil(() => _wakes == 1, Soon));
        Assert.Equal(_tun.Descriptor, _watch.Descriptor);
    }
}
