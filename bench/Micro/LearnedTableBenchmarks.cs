using System.Collections.Concurrent;
using BenchmarkDotNet.Attributes;
using WgNet.Learning;
using WgNet.Routing;

namespace WgNet.Micro;

/// <summary>The table of learned addresses beside .NET's ConcurrentDictionary, which hashes without a secret of our own and is not exact about owners.</summary>
public class LearnedTableBenchmarks
{
    private const int Lookups = 256;

    private readonly LearnedTable<string> _table = new(new AddressHash("benchmark secret"u8));
    private readonly ConcurrentDictionary<UInt128, LearnedEntry<string>> _dictionary = new();
    private readonly UInt128[] _present = new UInt128[Lookups];
    private readonly UInt128[] _absent = new UInt128[Lookups];

    [Params(100, 100_000)]
    public int Addresses { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        LearningPeer<string> peer = new AddressLearner<string>(new AllowedIps<string>(), "another secret.."u8).AddPeer("peer");
        var random = new Random(1);
        for (int i = 0; i < Addresses; i++)
        {
            LearnedEntry<string> entry = new(Address(random), peer, firstReceived: 0, lastReceived: 0);
            _table.TryAdd(entry);
            _dictionary.TryAdd(entry.Address, entry);
        }

        UInt128[] all = [.. _dictionary.Keys];
        for (int i = 0; i < Lookups; i++)
        {
            _present[i] = all[random.Next(all.Length)];
            _absent[i] = Address(random);
        }
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("present")]
    public int PresentDictionary() => FindInDictionary(_present);

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("present")]
    public int Present() => Find(_present);

    [Benchmark(Baseline = true, OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("absent")]
    public int AbsentDictionary() => FindInDictionary(_absent);

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("absent")]
    public int Absent() => Find(_absent);

    // Interface identifiers as privacy extensions make them: 64 random bits below one prefix.
    private static UInt128 Address(Random random) => ((UInt128)0x2001_0DB8 << 96) | (ulong)random.NextInt64();

    private int Find(UInt128[] addresses)
    {
        int found = 0;
        foreach (UInt128 address in addresses)
        {
            found += _table.Find(address) is null ? 0 : 1;
        }

        return found;
    }

    private int FindInDictionary(UInt128[] addresses)
    {
        int found = 0;
        foreach (UInt128 address in addresses)
        {
            found += _dictionary.TryGetValue(address, out _) ? 1 : 0;
        }

        return found;
    }
}
