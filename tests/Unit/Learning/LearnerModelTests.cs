using WgNet.Learning;
using WgNet.Routing;
using Xunit;

namespace WgNet.Unit.Learning;

public sealed class LearnerModelTests : LearnerFixture
{
    private const int Peers = 8;
    private const int Addresses = 64;

    // Every other host of the prefix has a static prefix of its own now and then.
    private readonly int?[] _static = new int?[Addresses];
    private readonly bool[] _mayLearn = new bool[Peers];
    private readonly string[] _names = [.. Enumerable.Range(0, Peers).Select(i => $"peer {i}")];
    private readonly LearningPeer<string>[] _peers;
    private readonly LearnerModel _model;

    public LearnerModelTests()
    {
        _peers = [.. Enumerable.Range(0, Peers).Select(i => Learner.AddPeer(Name(i), learnLimit: 4, TimeSpan.FromMinutes(30)))];
        _model = new LearnerModel(
            (peer, _) => _mayLearn[peer] ? 64 : -1,
            address => _static[(int)(address - Host(0))] is { } owner ? (owner, 128) : (-1, -1));
        for (int i = 0; i < Peers; i++)
        {
            (_model.Limits[i], _model.Timeouts[i]) = (4, 1800 * Second);
            SetLearnable(i, true);
        }
    }

    [Fact]
    public void Operations_AMillionAtRandom_AgreeWithAPlainDictionary()
    {
        Random random = new(4711);
        int[] seen = new int[(int)SourceVerdict.Count];
        for (int i = 0; i < 1_000_000; i++)
        {
            // Distinct times in the units of the table, so that which one is the least recently received is never a matter of taste.
            Now += random.Next(1, 26) * LearnedWord.TimeUnit;
            int peer = random.Next(Peers);
            UInt128 address = Host(random.Next(Addresses));
            switch (random.Next(1_000))
            {
                case < 700:
                    SourceVerdict verdict = Receive(_peers[peer], address);
                    Assert.Equal(_model.Check(peer, address, Now), verdict);
                    seen[(int)verdict]++;
                    break;
                case < 980:
                    Assert.Equal(_model.Owner(address, Now) is { } owner ? Name(owner) : null, Lookup(address));
                    break;
                default:
                    Reconfigure(random, peer, (int)(address - Host(0)));
                    break;
            }
        }

        SourceVerdict[] expected = [SourceVerdict.Accepted, SourceVerdict.Learned, SourceVerdict.NotAllowed, SourceVerdict.Conflict,
            SourceVerdict.LearnLimited, SourceVerdict.LearnRateLimited];
        Assert.All(expected, verdict => Assert.True(seen[(int)verdict] > 100, $"{verdict}: {seen[(int)verdict]}"));
    }

    // Peers are compared by reference.
    private string Name(int peer) => _names[peer];

    private void Reconfigure(Random random, int peer, int host)
    {
        switch (random.Next(7))
        {
            case 0:
                Assert.Equal(_model.Owner(Host(host), Now) == peer, Learned(_peers[peer]).Contains(Host(host)));
                if (_model.Owner(Host(host), Now) == peer)
                {
                    Assert.True(Learner.Forget(_peers[peer], Host(host)));
                    _model.Forget(Host(host));
                }

                break;
            case 1:
                _model.Limits[peer] = random.Next(6);
                Learner.SetLimit(_peers[peer], _model.Limits[peer]);
                _model.Evict(peer, _model.Limits[peer]);
                break;
            case 2:
                SetLearnable(peer, random.Next(4) != 0);
                break;
            case 3:
                AllowedIps.Insert(new IpPrefix(Host(host), 128, isIPv4: false), Name(peer));
                Learner.AllowedIpsChanged(new IpPrefix(Host(host), 128, isIPv4: false));
                _static[host] = peer;
                _model.Forget(Host(host));
                break;
            case 4 when _static[host] is { } owner:
                Assert.True(AllowedIps.Remove(new IpPrefix(Host(host), 128, isIPv4: false), Name(owner)));
                _static[host] = null;
                break;
            case 5:
                Learner.Expire(Now);
                _model.Purge((_, address) => _model.Owner(address, Now) is null);
                break;
            default:
                Assert.Equal(_model.Count(peer, Now), Learned(_peers[peer]).Count());
                break;
        }
    }

    private void SetLearnable(int peer, bool mayLearn)
    {
        _mayLearn[peer] = mayLearn;
        Learner.ReplaceLearnable(_peers[peer], mayLearn ? [Prefix("2001:db8::/64")] : []);
        if (!mayLearn)
        {
            _model.Purge((owner, _) => owner == peer);
        }
    }
}
