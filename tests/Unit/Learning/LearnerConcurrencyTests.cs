using WgNet.Learning;
using WgNet.Routing;
using Xunit;

namespace WgNet.Unit.Learning;

/// <summary>Workers that learn, refresh and look up while the configuration changes under them.</summary>
public sealed class LearnerConcurrencyTests : LearnerFixture
{
    private const int Peers = 6;
    private const int Limit = 8;
    private const int Addresses = 40;
    private const int Rounds = 40_000;
    private const int Workers = 3;

    private readonly LearningPeer<string>[] _peers;
    private long _time = 1_000 * Second;

    public LearnerConcurrencyTests()
    {
        _peers = [.. Enumerable.Range(0, Peers).Select(i => Learner.AddPeer($"{i}", Limit, TimeSpan.FromHours(12)))];
        Array.ForEach(_peers, peer => Learner.AddLearnable(peer, Prefix("2001:db8::/64")));
    }

    [Fact]
    public async Task Check_FromManyThreads_KeepsOneOwnerAnAddressAndEveryLimit()
    {
        int broken = 0;
        await RunWithWorkers(writer: random =>
        {
            LearningPeer<string> peer = _peers[random.Next(Peers)];
            broken += Learner.Learned(peer, Time()).Count <= Limit ? 0 : 1;
            if (random.Next(8) == 0)
            {
                Learner.Expire(Time());
            }
        });
        Assert.Equal(0, broken);

        long now = Time();
        UInt128[] learned = [.. _peers.SelectMany(peer => Learner.Learned(peer, now).Select(entry => entry.Address))];
        Assert.NotEmpty(learned);
        Assert.Equal(learned.Length, learned.Distinct().Count());
        Assert.All(_peers, peer => Assert.All(Learner.Learned(peer, now), entry => Assert.Equal(peer.Peer, Learner.Lookup(entry.Address, now))));
        int found = Enumerable.Range(0, Addresses).Count(i => Learner.Lookup(Host(i), now) is not null);
        Assert.Equal(learned.Length, found);
    }

    [Fact]
    public async Task Purge_WhileWorkersLearn_LeavesNothingThatContradicts()
    {
        int broken = 0;
        await RunWithWorkers(writer: random =>
        {
            UInt128 address = Host(random.Next(Addresses));
            IpPrefix host = new(address, 128, isIPv4: false);
            LearningPeer<string> peer = _peers[random.Next(Peers)];
            switch (random.Next(3))
            {
                case 0:
                    AllowedIps.Insert(host, peer.Peer);
                    Learner.AllowedIpsChanged(host);
                    broken += Learner.Lookup(address, Time()) is null ? 0 : 1;
                    _ = AllowedIps.Remove(host, peer.Peer);
                    break;
                case 1:
                    Learner.SetInterfaceAddresses([(address, 128)]);
                    broken += Learner.Lookup(address, Time()) is null ? 0 : 1;
                    Learner.SetInterfaceAddresses([]);
                    break;
                default:
                    Learner.ClearLearnable(peer);
                    broken += Learner.Learned(peer, Time()).Count;
                    broken += Enumerable.Range(0, Addresses).Count(i => Learner.Lookup(Host(i), Time()) == peer.Peer);
                    _ = Learner.AddLearnable(peer, Prefix("2001:db8::/64"));
                    break;
            }
        });
        Assert.Equal(0, broken);
    }

    [Fact]
    public async Task RemovePeer_WhileItsPacketsArrive_LeavesNoAddressOfIt()
    {
        for (int round = 0; round < 200; round++)
        {
            LearningPeer<string> peer = Learner.AddPeer("leaving");
            _ = Learner.AddLearnable(peer, Prefix("2001:db8::/64"));
            Task worker = Task.Run(() =>
            {
                for (int i = 0; i < 16; i++)
                {
                    _ = Learner.CheckIPv6Source(peer, Host(i), Now);
                }
            }, TestContext.Current.CancellationToken);
            Learner.RemovePeer(peer);
            Assert.All(Enumerable.Range(0, 16), i => Assert.Null(Lookup(Host(i))));
            await worker;
            Assert.All(Enumerable.Range(0, 16), i => Assert.Null(Lookup(Host(i))));
        }
    }

    [Fact]
    public void CheckAndLookup_WhileAPeerIsBeingChanged_AreAnsweredAtOnce()
    {
        _ = Receive(P, Host(1));
        _ = Receive(Q, Host(2));
        Now += 2 * Second;
        SourceVerdict[] verdicts = [];
        Thread packets = new(() => verdicts =
            [Receive(P, Host(1)), Receive(Q, Host(1)), Receive(P, Host(2)), Receive(Q, Host(3)), Receive(P, Address("fd00::1"))]);
        bool isAnswered;
        lock (P.Gate)
        {
            packets.Start();
            isAnswered = packets.Join(TimeSpan.FromMinutes(1));
        }

        Assert.True(isAnswered, "a packet that teaches its peer nothing waited for a change");
        Assert.Equal(
            [SourceVerdict.Accepted, SourceVerdict.Conflict, SourceVerdict.Conflict, SourceVerdict.Learned, SourceVerdict.NotAllowed], verdicts);
    }

    // Time runs fast, so that there are tokens to learn with and addresses expire.
    private long Time() => Interlocked.Add(ref _time, 20 * Second);

    private async Task RunWithWorkers(Action<Random> writer)
    {
        Task[] workers = [.. Enumerable.Range(0, Workers).Select(seed => Task.Factory.StartNew(() =>
        {
            Random random = new(seed);
            for (int i = 0; i < Rounds; i++)
            {
                _ = Learner.CheckIPv6Source(_peers[random.Next(Peers)], Host(random.Next(Addresses)), Time());
            }
        }, TaskCreationOptions.LongRunning))];

        Random own = new(99);
        while (!Array.TrueForAll(workers, worker => worker.IsCompleted))
        {
            writer(own);
        }

        await Task.WhenAll(workers);
    }
}
