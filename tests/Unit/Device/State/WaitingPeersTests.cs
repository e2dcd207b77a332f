using System.Net;
using WgNet.Device;
using WgNet.Udp;
using Xunit;
using static WgNet.Unit.Device.State.SavedStateTests;

namespace WgNet.Unit.Device.State;

public sealed class WaitingPeersTests
{
    private const long Hour = 3600 * Second;

    private readonly WaitingPeers _waiting = new();
    private readonly Endpoint _endpoint = new(IPAddress.Loopback, 7);

    [Fact]
    public void Copy_Later_IsOlderByWhatPassed()
    {
        _waiting.Add(new SavedPeer(Key(1)) { Waited = Hour, Learned = [Learned(5, 10 * Second)] }, now: 100 * Second);
        SavedPeer copy = _waiting.Copy(130 * Second)[Key(1)];
        Assert.Equal((40 * Second, Hour + (30 * Second)), (copy.Learned[0].AgeNanoseconds, copy.Waited));

        // Not counted twice.
        Assert.Equal(50 * Second, _waiting.Copy(140 * Second)[Key(1)].Learned[0].AgeNanoseconds);
    }

    [Fact]
    public void Peer_NobodyAsksForInADayOfRunning_IsForgotten()
    {
        _waiting.Add(new SavedPeer(Key(1)) { Endpoint = _endpoint, Waited = 20 * Hour }, now: 0);
        Assert.Single(_waiting.Copy((4 * Hour) - 1));
        Assert.Empty(_waiting.Copy(4 * Hour));
        Assert.Null(_waiting.Endpoint(Key(1)));
    }

    [Fact]
    public void Settle_PinnedThenYoungest_KeepsWhatIsNotSettled()
    {
        _waiting.Add(
            new SavedPeer(Key(1))
            {
                Endpoint = _endpoint,
                Learned = [Learned(1, 30), Learned(2, 10), Learned(3, 90) with { IsPinned = true }, Learned(4, 20)],
            },
            now: 0);
        Assert.Equal(_endpoint, _waiting.Endpoint(Key(1)));

        List<int> asked = [];
        _waiting.Settle(Key(1), 0, learned =>
        {
            asked.Add((int)learned.Address);
            return learned.Address != 4;
        });
        Assert.Equal([3, 2, 4, 1], asked);
        Assert.Null(_waiting.Endpoint(Key(1)));
        Assert.Equal(4, (int)Assert.Single(_waiting.Copy(0)[Key(1)].Learned).Address);

        _waiting.Settle(Key(1), 0, _ => true);
        Assert.Empty(_waiting.Copy(0));
    }

    [Fact]
    public void Forget_AddressOrPeer_LeavesTheOthers()
    {
        _waiting.Add(new SavedPeer(Key(1)) { Learned = [Learned(1, 0), Learned(2, 0)] }, now: 0);
        _waiting.Add(new SavedPeer(Key(2)) { Learned = [Learned(3, 0)] }, now: 0);
        _waiting.Forget(Key(1), 2, now: 0);
        _waiting.Forget(Key(2));
        Assert.Equal(1, (int)Assert.Single(Assert.Single(_waiting.Copy(0)).Value.Learned).Address);
        _waiting.Forget(Key(1), 1, now: 0);
        Assert.Empty(_waiting.Copy(0));
    }
}
