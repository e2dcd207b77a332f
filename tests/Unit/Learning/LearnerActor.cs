using WgNet.Learning;
using WgNet.Routing;
using Xunit;

namespace WgNet.Unit.Learning;

/// <summary>
/// One of several threads that use a learner at once. Nobody but it acts for its peers, so a plain dictionary says what they must
/// have at any moment, whatever the others do: what the dictionary has is found, what it has not is not, and a limit is never
/// passed. Every fourth packet has an address that all threads use; there, and only there, another thread's peer may be the owner.
/// The addresses that a thread draws from move on, so that the table fills with those that nobody uses any more, and is replaced
/// again and again. Clocks differ between threads, so nothing expires: <see cref="LearnerModelTests"/> has that.
/// </summary>
internal sealed class LearnerActor
{
    private const long Century = 36_525L * 24 * 3600 * 1_000_000_000;
    private const int SharedAddresses = 64;
    private const int HostsInPurge = 16;
    private const int MostLimit = 16;
    private const int OperationsAnAddress = 32;

    private static readonly UInt128 Network = (UInt128)0x2001_0DB8 << 96;
    private static readonly IpPrefix Learnable = new(Network, 64, isIPv4: false);

    private readonly AddressLearner<string> _learner;
    private readonly AllowedIps<string> _allowedIps;
    private readonly Lock _configuration;
    private readonly string _ownNames;
    private readonly UInt128 _private;
    private readonly int _privateAddresses;
    private readonly Random _random;
    private readonly LearnerModel _model = new((_, _) => 64, _ => (-1, -1));
    private readonly (LearningPeer<string> Peer, int Number)[] _peers;
    private readonly int[] _seen = new int[(int)SourceVerdict.Count];
    private readonly PacketTally _tally;
    private int _peersMade;
    private uint _operations;

    /// <param name="configuration">Taken for each change of the configuration: it has one writer at a time.</param>
    public LearnerActor(AddressLearner<string> learner, AllowedIps<string> allowedIps, Lock configuration, int id, int peers, int seed)
    {
        (_learner, _allowedIps, _configuration, _random) = (learner, allowedIps, configuration, new Random(seed));
        _ownNames = $"{id}/";
        _tally = learner.CreateTally();
        _private = Network + ((UInt128)(id + 1) << 32);
        _privateAddresses = peers * MostLimit;
        _peers = new (LearningPeer<string>, int)[peers];
        for (int i = 0; i < peers; i++)
        {
            _peers[i] = NewPeer();
        }
    }

    public long Now { get; private set; } = 1_000_000_000_000;

    public int ConflictsWithOthers { get; private set; }

    public IEnumerable<LearningPeer<string>> Peers => _peers.Select(peer => peer.Peer);

    public IEnumerable<UInt128> AllAddresses => Enumerable.Range(0, _privateAddresses + (int)(_operations / OperationsAnAddress)).Select(i => _private + (uint)i)
        .Concat(Enumerable.Range(0, SharedAddresses).Select(i => Network + (uint)i));

    public int Seen(SourceVerdict verdict) => _seen[(int)verdict];

    public void Run(int operations)
    {
        for (int i = 0; i < operations; i++)
        {
            // On average a token in eight operations. In the units of the table, so that no two of a peer's times are equal.
            Now += _random.NextInt64(1, 640) * LearnedWord.TimeUnit;
            _operations++;
            ref (LearningPeer<string> Peer, int Number) peer = ref _peers[_random.Next(_peers.Length)];
            UInt128 address = _random.Next(4) == 0 ? Network + (uint)_random.Next(SharedAddresses) : First + (uint)_random.Next(_privateAddresses);
            switch (_random.Next(1_000))
            {
                case < 550:
                    Receive(peer.Peer, peer.Number, address);
                    AssertOwner(address);
                    break;
                case < 860:
                    AssertOwner(address);
                    break;
                case < 875:
                    Pin(peer.Peer, peer.Number, address);
                    break;
                case < 890:
                    Unpin(peer.Peer, peer.Number, address);
                    break;
                case < 900:
                    Restore(peer.Peer, peer.Number, address);
                    break;
                case < 930:
                    // Addresses that nobody uses.
                    Assert.Null(Lookup(address + (UInt128.One << 63)));
                    break;
                case < 960:
                    Forget(peer.Peer, peer.Number, address);
                    break;
                case < 970:
                    AssertAllOf(peer.Peer, peer.Number);
                    break;
                case < 985:
                    SetLimit(peer.Peer, peer.Number, _random.Next(MostLimit + 1));
                    break;
                case < 992:
                    PurgePrefix(_private + ((First - _private) / HostsInPurge * HostsInPurge) + (uint)(_random.Next(_privateAddresses / HostsInPurge) * HostsInPurge));
                    break;
                case < 996:
                    Unlearn(peer.Peer, peer.Number);
                    break;
                default:
                    Replace(ref peer);
                    break;
            }
        }
    }

    private UInt128 First => _private + (_operations / OperationsAnAddress);

    private (LearningPeer<string> Peer, int Number) NewPeer()
    {
        int number = _peersMade++;
        (_model.Limits[number], _model.Timeouts[number]) = (MostLimit, Century);
        LearningPeer<string> peer = _learner.AddPeer($"{_ownNames}{number}", MostLimit, TimeSpan.FromDays(36_525));
        _ = _learner.AddLearnable(peer, Learnable);
        return (peer, number);
    }

    private void Receive(LearningPeer<string> peer, int number, UInt128 address)
    {
        SourceVerdict verdict = _learner.CheckIPv6Source(peer, address, Now, out string? owner);
        _seen[(int)verdict]++;
        if (verdict == SourceVerdict.Conflict && !IsOwn(owner))
        {
            Assert.True(IsShared(address), $"{owner} has a private address");
            Assert.Null(_model.Owner(address, Now));
            ConflictsWithOthers++;
            return;
        }

        Assert.Equal(_model.Check(number, address, Now), verdict);
        if (verdict is SourceVerdict.Accepted or SourceVerdict.Learned)
        {
            _tally.Count(address, 1, Now);
            _model.Count(address);
        }
    }

    private void Pin(LearningPeer<string> peer, int number, UInt128 address)
    {
        SourceVerdict verdict;
        lock (_configuration)
        {
            verdict = _learner.Pin(peer, address, Now);
        }

        if (verdict != SourceVerdict.Conflict || _model.Owner(address, Now) is not null || !IsShared(address))
        {
            Assert.Equal(_model.Pin(number, address, Now), verdict);
        }

        AssertOwner(address);
    }

    private void Unpin(LearningPeer<string> peer, int number, UInt128 address)
    {
        lock (_configuration)
        {
            Assert.Equal(_model.Unpin(number, address, Now), _learner.Unpin(peer, address, Now));
        }

        AssertOwner(address);
    }

    private void Restore(LearningPeer<string> peer, int number, UInt128 address)
    {
        LearnedAddress saved = new()
        {
            Address = address,
            AgeNanoseconds = 0,
            FirstSeenNanoseconds = 1_000,
            Packets = _random.Next(1_000),
            IsPinned = _random.Next(2) == 0,
        };
        bool restored;
        lock (_configuration)
        {
            restored = _learner.Restore(peer, saved, Now);
        }

        if (restored || !IsShared(address))
        {
            Assert.Equal(_model.Restore(number, saved, Now), restored);
        }

        AssertOwner(address);
    }

    private void AssertOwner(UInt128 address)
    {
        string? found = Lookup(address);
        if (_model.Owner(address, Now) is { } owner)
        {
            Assert.Equal($"{_ownNames}{owner}", found);
        }
        else
        {
            Assert.False(IsOwn(found), $"{found} has what it has not learned, or what was taken from it");
            Assert.True(found is null || IsShared(address), $"{found} has a private address");
        }
    }

    // As the device asks, which knows the packets before it needs their peers, or at once.
    private string? Lookup(UInt128 address)
    {
        if (_random.Next(2) == 0)
        {
            return _learner.Lookup(address, Now);
        }

        Span<SlotKey> key = stackalloc SlotKey[1];
        _learner.Approach([address], key);
        return _learner.Lookup(key[0], Now);
    }

    private void AssertAllOf(LearningPeer<string> peer, int number)
    {
        List<LearnedAddress> learned = _learner.Learned(peer, Now);
        Assert.True(learned.Count <= peer.LearnLimit, "over the limit");
        Assert.Equal(_model.Count(number, Now), learned.Count);
        Assert.All(learned, entry =>
        {
            Assert.Equal(number, _model.Owner(entry.Address, Now));
            Assert.Equal(_model.Of(entry.Address).Packets, entry.Packets);
            Assert.Equal(_model.Of(entry.Address).IsPinned, entry.IsPinned);
        });
    }

    private void Forget(LearningPeer<string> peer, int number, UInt128 address)
    {
        bool isOwner = _model.Owner(address, Now) == number;
        lock (_configuration)
        {
            Assert.Equal(isOwner, _learner.Forget(peer, address));
        }

        if (isOwner)
        {
            _model.Forget(address);
        }

        AssertOwner(address);
    }

    private void SetLimit(LearningPeer<string> peer, int number, int limit)
    {
        lock (_configuration)
        {
            _learner.SetLimit(peer, limit);
        }

        _model.Limits[number] = limit;
        _model.Evict(number, limit);
        AssertAllOf(peer, number);
    }

    // A static prefix takes its addresses from whoever learned them.
    private void PurgePrefix(UInt128 first)
    {
        IpPrefix prefix = new(first, 124, isIPv4: false);
        lock (_configuration)
        {
            _allowedIps.Insert(prefix, "static");
            _learner.AllowedIpsChanged(prefix);
            _model.Purge((_, address) => prefix.ContainsIPv6(address));
            for (int i = 0; i < HostsInPurge; i++)
            {
                Assert.Null(_learner.Lookup(first + (uint)i, Now));
            }

            _ = _allowedIps.Remove(prefix, "static");
        }
    }

    private void Unlearn(LearningPeer<string> peer, int number)
    {
        lock (_configuration)
        {
            _ = _learner.RemoveLearnable(peer, Learnable);
        }

        AssertNothingOf(number);
        lock (_configuration)
        {
            _ = _learner.AddLearnable(peer, Learnable);
        }
    }

    private void Replace(ref (LearningPeer<string> Peer, int Number) peer)
    {
        lock (_configuration)
        {
            _learner.RemovePeer(peer.Peer);
        }

        AssertNothingOf(peer.Number);
        Assert.Empty(_learner.Learned(peer.Peer, Now));
        lock (_configuration)
        {
            peer = NewPeer();
        }
    }

    private void AssertNothingOf(int number)
    {
        List<UInt128> removed = [];
        _model.Purge((owner, address) =>
        {
            if (owner == number)
            {
                removed.Add(address);
            }

            return owner == number;
        });
        removed.ForEach(AssertOwner);
    }

    private bool IsOwn(string? peer) => peer is not null && peer.StartsWith(_ownNames, StringComparison.Ordinal);

    private static bool IsShared(UInt128 address) => address - Network < SharedAddresses;
}
