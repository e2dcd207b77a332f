using System.Collections.Concurrent;
using System.Collections.Frozen;
using WgNet.Learning;
using WgNet.Routing;

namespace WgNet.Micro;

/// <summary>Learned addresses, 16 of each peer, and the same in .NET's dictionaries. Made once for all benchmarks of one size.</summary>
internal sealed class LearnedPopulation
{
    /// <summary>A look-up each: addresses in random order, so that none is in a cache because the one before was.</summary>
    public const int Asked = 1 << 20;

    public const int AddressesOfAPeer = 16;
    public const long Start = 1_000_000_000_000;

    private static LearnedPopulation? _last;

    private LearnedPopulation(int count)
    {
        Count = count;
        Random random = new(1);
        Learner = NewLearner();
        Peers = [.. Enumerable.Range(0, (count + AddressesOfAPeer - 1) / AddressesOfAPeer).Select(i => NewPeer(Learner, $"peer {i}"))];
        UInt128[] all = [.. Enumerable.Range(0, count).Select(_ => Address(random))];
        Dictionary<UInt128, string> frozen = new(count);
        for (int i = 0; i < count; i++)
        {
            LearningPeer<string> peer = Peers[i / AddressesOfAPeer];
            Learn(Learner, peer, all[i]);
            Dictionary[all[i]] = peer.Peer;
            frozen[all[i]] = peer.Peer;
        }

        Frozen = frozen.ToFrozenDictionary();
        for (int i = 0; i < Asked; i++)
        {
            int asked = random.Next(count);
            (Present[i], Owners[i], Absent[i]) = (all[asked], Peers[asked / AddressesOfAPeer], Address(random));
        }
    }

    public int Count { get; }

    public AddressLearner<string> Learner { get; }

    public LearningPeer<string>[] Peers { get; }

    public ConcurrentDictionary<UInt128, string> Dictionary { get; } = new();

    public FrozenDictionary<UInt128, string> Frozen { get; }

    public UInt128[] Present { get; } = new UInt128[Asked];

    /// <summary>Of <see cref="Present"/>.</summary>
    public LearningPeer<string>[] Owners { get; } = new LearningPeer<string>[Asked];

    public UInt128[] Absent { get; } = new UInt128[Asked];

    public static LearnedPopulation Of(int count)
    {
        if (_last?.Count != count)
        {
            _last = null;
            _last = new LearnedPopulation(count);
        }

        return _last;
    }

    public static AddressLearner<string> NewLearner() => new(new AllowedIps<string>(), "benchmark secret"u8);

    public static LearningPeer<string> NewPeer(AddressLearner<string> learner, string name)
    {
        LearningPeer<string> peer = learner.AddPeer(name);
        _ = learner.AddLearnable(peer, new IpPrefix((UInt128)0x2001_0DB8 << 96, 64, isIPv4: false));
        return peer;
    }

    public static void Learn(AddressLearner<string> learner, LearningPeer<string> peer, UInt128 address)
    {
        LearnedAddress saved = new() { Address = address, AgeNanoseconds = 0, FirstSeenNanoseconds = 0, Packets = 0, IsPinned = false };
        if (!learner.Restore(peer, saved, Start))
        {
            throw new InvalidOperationException("not learned");
        }
    }

    /// <summary>An interface identifier as privacy extensions make them: 64 random bits below one prefix.</summary>
    public static UInt128 Address(Random random) => ((UInt128)0x2001_0DB8 << 96) | (ulong)random.NextInt64(long.MinValue, long.MaxValue);
}
