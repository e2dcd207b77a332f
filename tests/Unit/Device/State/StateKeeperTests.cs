using System.Net;
using WgNet.Device;
using WgNet.Device.Events;
using WgNet.Udp;
using WgNet.Unit.Device.Events;
using Xunit;
using static WgNet.Unit.Device.State.SavedStateTests;

namespace WgNet.Unit.Device.State;

/// <summary>When it writes is <see cref="WriteScheduleTests"/>'s; here without a pause.</summary>
public sealed class StateKeeperTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly string _folder = Directory.CreateTempSubdirectory("wgnet-state-").FullName;
    private readonly StringWriter _log = new();
    private readonly StateKeeper _keeper;
    private readonly Thread _thread;
    private int _collected;
    private volatile byte _key = 1;

    public StateKeeperTests()
    {
        _keeper = new StateKeeper(new StateStore(Path), interval: 0, Collect, new Log(LogLevel.Error, _log));
        _thread = new Thread(_keeper.Run);
        _thread.Start();
    }

    private string Path => System.IO.Path.Combine(_folder, "state", "wg0.state");

    [Fact]
    public void Note_Changes_AreWrittenAndNothingElseIs()
    {
        Assert.False(SpinWait.SpinUntil(() => File.Exists(Path), TimeSpan.FromMilliseconds(100)));
        for (byte key = 1; key < 20; key++)
        {
            _key = key;
            _keeper.Note(StateMark.Changed);
            Assert.True(SpinWait.SpinUntil(() => new StateStore(Path).Load(out _)?.Peers[0].PublicKey == Key(key), Soon));
        }

        int before = _collected;
        Thread.Sleep(100);
        Assert.Equal(before, _collected);
    }

    [Fact]
    public void Switch_Off_RemovesWhatWasKeptUntilItIsOnAgain()
    {
        _keeper.Note(StateMark.Changed);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path), Soon));
        _keeper.Switch(on: false);
        Assert.False(File.Exists(Path));
        _keeper.Note(StateMark.Changed);
        Thread.Sleep(100);
        Assert.False(File.Exists(Path));
        Assert.False(_keeper.IsOn);

        _keeper.Switch(on: true);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path), Soon));
    }

    [Fact]
    public void Finish_WritesOnceMoreAndNeverAgain()
    {
        _key = 9;
        _keeper.Finish();
        Assert.Equal(Key(9), new StateStore(Path).Load(out _)!.Peers[0].PublicKey);
        _key = 10;
        _keeper.Note(StateMark.Changed);
        _keeper.Finish();
        Assert.Equal(Key(9), new StateStore(Path).Load(out _)!.Peers[0].PublicKey);
    }

    [Fact]
    public void Roaming_IsNotWrittenWithinAMinuteOfTheLastTimeButAtTheEnd()
    {
        const long Millisecond = 1_000_000;
        var keeper = new StateKeeper(new StateStore(Path), Millisecond, Collect, new Log(LogLevel.Error, _log));
        var thread = new Thread(keeper.Run);
        thread.Start();
        var events = new DeviceEvents(keeper);
        Peer peer = SamplePeer.New(1);
        var endpoint = new Endpoint(IPAddress.Loopback, 1);
        for (int writes = 1; writes <= 2; writes++)
        {
            // Where it was not known before is written as soon as anything.
            events.Roamed(peer, endpoint, isFirst: true, now: 0);
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _collected) == writes, Soon));
        }

        _key = 2;
        events.Roamed(peer, endpoint, isFirst: false, now: 0);
        Assert.False(SpinWait.SpinUntil(() => Volatile.Read(ref _collected) > 2, TimeSpan.FromMilliseconds(300)));
        keeper.Finish();
        thread.Join();
        Assert.Equal(Key(2), new StateStore(Path).Load(out _)!.Peers[0].PublicKey);
    }

    [Fact]
    public void Write_Failing_IsCountedLoggedOnceAndTriedAgain()
    {
        // Not even root can make a folder where a file is.
        File.WriteAllText(System.IO.Path.Combine(_folder, "state"), "");
        for (int failures = 1; failures <= 2; failures++)
        {
            _keeper.Note(StateMark.Changed);
            Assert.True(SpinWait.SpinUntil(() => _keeper.Failures == failures, Soon));
        }

        Assert.Single(_log.ToString().Trim().Split('\n'));
        Assert.Contains("cannot be kept", _log.ToString(), StringComparison.Ordinal);

        File.Delete(System.IO.Path.Combine(_folder, "state"));
        _keeper.Note(StateMark.Changed);
        _keeper.Finish();
        Assert.True(File.Exists(Path));
        Assert.Contains("is kept again", _log.ToString(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _keeper.Finish();
        _thread.Join();
        Directory.Delete(_folder, recursive: true);
        _log.Dispose();
    }

    private void Collect(SavedStateWriter writer, long now)
    {
        _ = Interlocked.Increment(ref _collected);
        writer.Add(new SavedPeer(Key(_key)) { Learned = [Learned(_key, 0)] });
    }
}
