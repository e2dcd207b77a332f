using System.Collections.Concurrent;
using System.Net;
using WgNet.Linux;
using WgNet.Tun;
using Xunit;
using static WgNet.Unit.Tun.TunDeviceTests;

namespace WgNet.Unit.Tun;

/// <summary>Real interfaces again; each wait ends with the kernel's message, and fails when none comes.</summary>
public sealed class LinkMonitorTests
{
    [Fact]
    public void Changed_InterfaceChanges_TellsAllOfIt() => OwnNamespace.Run(() =>
    {
        using var tun = TunDevice.Open("wgt0", 1400, offload: true);
        using var watch = new Watch(tun);
        Assert.Equal((false, 1400, "wgt0"), (watch.Current.Up, watch.Current.Mtu, watch.Current.Name));

        Ip("link set wgt0 mtu 1300 up");
        Ip("address add fd77::1/64 dev wgt0 nodad");
        Ip("address add 10.77.0.1 peer 10.77.0.2 dev wgt0");
        watch.Until(state => state.Up && state.Mtu == 1300
            && state.Addresses.Contains((IPAddress.Parse("fd77::1"), 64)) && state.Addresses.Contains((IPAddress.Parse("10.77.0.1"), 32)));
        Ip("address delete fd77::1/64 dev wgt0");
        watch.Until(state => !state.Addresses.Contains((IPAddress.Parse("fd77::1"), 64)));
        Ip("link set wgt0 down");
        Ip("link set wgt0 name other");
        watch.Until(state => !state.Up && state.Name == "other");
    });

    [Fact]
    public void Changed_InterfaceMoved_FollowsIntoTheOtherNamespace() => OwnNamespace.Run(() =>
    {
        using var tun = TunDevice.Open("wgt0", 1400, offload: true);
        using var watch = new Watch(tun);
        Ip("link set wgt0 up");
        watch.Until(state => state.Up);
        using var other = new Neighbour();

        Ip($"link set wgt0 netns {other.ThreadId}");
        watch.Until(state => !state.Up);
        other.Run(() => Ip("link set wgt0 mtu 1350 up"));
        watch.Until(state => state.Up && state.Mtu == 1350);
        Assert.False(watch.IsDeleted(TimeSpan.Zero));
        other.Run(() => Ip("link delete wgt0"));

        Assert.True(watch.IsDeleted(TimeSpan.FromSeconds(10)));
    });

    [Fact]
    public void Deleted_InterfaceDeleted_IsRaised() => OwnNamespace.Run(() =>
    {
        using var tun = TunDevice.Open("wgt0", 1400, offload: true);
        using var watch = new Watch(tun);

        Ip("link delete wgt0");

        Assert.True(watch.IsDeleted(TimeSpan.FromSeconds(10)));
    });

    // A monitor and what it said so far.
    private sealed class Watch : IDisposable
    {
        private readonly LinkMonitor _monitor;
        private readonly BlockingCollection<LinkState> _states = [];
        private readonly ManualResetEventSlim _deleted = new();

        public Watch(TunDevice tun)
        {
            _monitor = new LinkMonitor(tun);
            _monitor.Changed += _states.Add;
            _monitor.Deleted += _deleted.Set;
            _monitor.Start();
        }

        public LinkState Current => _monitor.Current;

        public void Until(Func<LinkState, bool> isExpected)
        {
            do
            {
                Assert.True(_states.TryTake(out LinkState? state, TimeSpan.FromSeconds(10)), $"last: {Current}");
                if (isExpected(state))
                {
                    return;
                }
            }
            while (true);
        }

        public bool IsDeleted(TimeSpan timeout) => _deleted.Wait(timeout);

        public void Dispose()
        {
            _monitor.Dispose();
            _states.Dispose();
            _deleted.Dispose();
        }
    }

    // A thread in a namespace of its own that does what it is given.
    private sealed class Neighbour : IDisposable
    {
        private readonly BlockingCollection<Action> _work = [];
        private readonly Thread _thread;

        public Neighbour()
        {
            _thread = new Thread(() =>
            {
                NetworkNamespace.Unshare();
                foreach (Action action in _work.GetConsumingEnumerable())
                {
                    action();
                }
            });
            _thread.Start();
            Run(() => ThreadId = Path.GetFileName(new DirectoryInfo("/proc/thread-self").LinkTarget)!);
        }

        public string ThreadId { get; private set; } = "";

        public void Run(Action action)
        {
            var done = new TaskCompletionSource();
            _work.Add(() =>
            {
                try
                {
                    action();
                    done.SetResult();
                }
                catch (Exception exception)
                {
                    done.SetException(exception);
                }
            });
            done.Task.GetAwaiter().GetResult();
        }

        public void Dispose()
        {
            _work.CompleteAdding();
            _thread.Join();
            _work.Dispose();
        }
    }
}
