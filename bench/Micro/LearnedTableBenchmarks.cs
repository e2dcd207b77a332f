using BenchmarkDotNet.Attributes;
using WgNet.Learning;

namespace WgNet.Micro;

/// <summary>
/// Looking up learned addresses, beside .NET's dictionaries, which hash without a secret that is ours and know nothing of age. Every
/// look-up is of another address, in random order; none waits for the one before. WgNet is asked as an outbound worker asks it, for a
/// batch of packets at once, and also one by one. With two threads, the time is one thread's.
/// </summary>
public class LearnedTableBenchmarks
{
    private const int Lookups = 1 << 16;
    private const int Batch = 64;

    private readonly TwoThreads _threads = new();
    private readonly SlotKey[][] _keys = [new SlotKey[Batch], new SlotKey[Batch]];
    private LearnedPopulation _population = null!;
    private int _at;
    private long _now = LearnedPopulation.Start;

    [Params(1_000, 64_000, 1_000_000)]
    public int Addresses { get; set; }

    [GlobalSetup]
    public void Setup() => _population = LearnedPopulation.Of(Addresses);

    [Benchmark(Baseline = true, OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("hit")]
    public int HitConcurrentDictionary() => AskConcurrent(_population.Present, Next());

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("hit")]
    public int HitFrozenDictionary() => AskFrozen(_population.Present, Next());

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("hit")]
    public int Hit() => Ask(_population.Present, Next());

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("hit")]
    public int HitOneByOne() => AskOneByOne(_population.Present, Next());

    [Benchmark(Baseline = true, OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("miss")]
    public int MissConcurrentDictionary() => AskConcurrent(_population.Absent, Next());

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("miss")]
    public int MissFrozenDictionary() => AskFrozen(_population.Absent, Next());

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("miss")]
    public int Miss() => Ask(_population.Absent, Next());

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("miss")]
    public int MissOneByOne() => AskOneByOne(_population.Absent, Next());

    [Benchmark(Baseline = true, OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("hit, two threads")]
    public int HitTwoThreadsConcurrentDictionary()
    {
        int at = Next();
        return _threads.Run(thread => AskConcurrent(_population.Present, Other(at, thread)));
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("hit, two threads")]
    public int HitTwoThreadsFrozenDictionary()
    {
        int at = Next();
        return _threads.Run(thread => AskFrozen(_population.Present, Other(at, thread)));
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("hit, two threads")]
    public int HitTwoThreads()
    {
        int at = Next();
        return _threads.Run(thread => Ask(_population.Present, Other(at, thread), thread));
    }

    /// <summary>A packet from a learned address within the same second: checked, nothing written.</summary>
    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("source")]
    public int Received() => Receive(Next(), _now);

    /// <summary>The clock is a second on each time: the first packet from each address has its time written.</summary>
    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("source")]
    public int ReceivedAndNoted() => Receive(Next(), _now += 1_000_000_000);

    [GlobalCleanup]
    public void Cleanup() => _threads.Dispose();

    private int Next() => _at = (_at + Lookups) & (LearnedPopulation.Asked - 1);

    private static int Other(int at, int thread) => (at + (thread * LearnedPopulation.Asked / 2)) & (LearnedPopulation.Asked - 1);

    private int Ask(UInt128[] addresses, int from, int thread = 0)
    {
        AddressLearner<string> learner = _population.Learner;
        SlotKey[] keys = _keys[thread];
        int found = 0;
        for (int at = from; at < from + Lookups; at += Batch)
        {
            learner.Approach(addresses.AsSpan(at, Batch), keys);
            foreach (ref readonly SlotKey key in keys.AsSpan())
            {
                found += learner.Lookup(key, LearnedPopulation.Start) is null ? 0 : 1;
            }
        }

        return found;
    }

    private int AskOneByOne(UInt128[] addresses, int from)
    {
        AddressLearner<string> learner = _population.Learner;
        int found = 0;
        foreach (UInt128 address in addresses.AsSpan(from, Lookups))
        {
            found += learner.Lookup(address, LearnedPopulation.Start) is null ? 0 : 1;
        }

        return found;
    }

    private int AskConcurrent(UInt128[] addresses, int from)
    {
        int found = 0;
        foreach (UInt128 address in addresses.AsSpan(from, Lookups))
        {
            found += _population.Dictionary.TryGetValue(address, out _) ? 1 : 0;
        }

        return found;
    }

    private int AskFrozen(UInt128[] addresses, int from)
    {
        int found = 0;
        foreach (UInt128 address in addresses.AsSpan(from, Lookups))
        {
            found += _population.Frozen.TryGetValue(address, out _) ? 1 : 0;
        }

        return found;
    }

    private int Receive(int from, long now)
    {
        AddressLearner<string> learner = _population.Learner;
        ReadOnlySpan<UInt128> addresses = _population.Present.AsSpan(from, Lookups);
        ReadOnlySpan<LearningPeer<string>> owners = _population.Owners.AsSpan(from, Lookups);
        int accepted = 0;
        for (int i = 0; i < addresses.Length; i++)
        {
            accepted += learner.CheckIPv6Source(owners[i], addresses[i], now) == SourceVerdict.Accepted ? 1 : 0;
        }

        return accepted;
    }
}
