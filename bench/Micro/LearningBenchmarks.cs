using System.Collections.Concurrent;
using BenchmarkDotNet.Attributes;
using WgNet.Learning;

namespace WgNet.Micro;

/// <summary>
/// Addresses that come and go: each operation is a packet from a new address of a peer that has 16, which takes the place of its
/// oldest. In the dictionary: one added, one removed. All that a move of the table costs is in it.
/// </summary>
public class LearningBenchmarks
{
    private const int Learns = 4_096;

    // A peer gets a token in this time.
    private const long TokenInterval = 600_000_000_000 / 16;

    private readonly Random _random = new(2);
    private readonly Queue<UInt128> _known = new();
    private ConcurrentDictionary<UInt128, string> _dictionary = null!;
    private LearningPeer<string>[] _peers = null!;
    private AddressLearner<string> _learner = null!;
    private long _now = LearnedPopulation.Start;
    private int _peer;

    [Params(1_000, 64_000, 1_000_000)]
    public int Addresses { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        _learner = LearnedPopulation.NewLearner();
        _dictionary = new ConcurrentDictionary<UInt128, string>();
        _peers = [.. Enumerable.Range(0, Addresses / LearnedPopulation.AddressesOfAPeer).Select(i => LearnedPopulation.NewPeer(_learner, $"{i}"))];
        foreach (LearningPeer<string> peer in _peers)
        {
            for (int i = 0; i < LearnedPopulation.AddressesOfAPeer; i++)
            {
                UInt128 address = LearnedPopulation.Address(random);
                LearnedPopulation.Learn(_learner, peer, address);
                _dictionary[address] = peer.Peer;
                _known.Enqueue(address);
            }
        }
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Learns)]
    [BenchmarkCategory("learn and evict")]
    public void AddAndRemoveConcurrentDictionary()
    {
        for (int i = 0; i < Learns; i++)
        {
            UInt128 address = LearnedPopulation.Address(_random);
            _ = _dictionary.TryAdd(address, "peer");
            _known.Enqueue(address);
            _ = _dictionary.TryRemove(_known.Dequeue(), out _);
        }
    }

    [Benchmark(OperationsPerInvoke = Learns)]
    [BenchmarkCategory("learn and evict")]
    public void LearnAndEvict()
    {
        for (int i = 0; i < Learns; i++)
        {
            _now += (TokenInterval / _peers.Length) + 1;
            _peer = (_peer + 1) % _peers.Length;
            SourceVerdict verdict = _learner.CheckIPv6Source(_peers[_peer], LearnedPopulation.Address(_random), _now);
            if (verdict != SourceVerdict.Learned)
            {
                throw new InvalidOperationException($"{verdict}");
            }
        }
    }
}
