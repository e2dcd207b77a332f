using BenchmarkDotNet.Attributes;
using WgNet.Learning;

namespace WgNet.Micro;

/// <summary>
/// A million addresses chosen to collide: the exclusive or of their 32-bit words is the same for all, so a hash that folds an
/// address without a secret, as is common, puts all of them into one place. Beside a million random ones.
/// </summary>
public class LearnedAttackBenchmarks
{
    private const int Addresses = 1_000_000;
    private const int Lookups = 1 << 16;

    private readonly UInt128[] _asked = new UInt128[LearnedPopulation.Asked];
    private readonly AddressLearner<string> _learner = LearnedPopulation.NewLearner();
    private int _at;

    [Params(false, true)]
    public bool AreChosen { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        UInt128[] all = new UInt128[Addresses];
        LearningPeer<string> peer = null!;
        for (int i = 0; i < Addresses; i++)
        {
            peer = i % LearnedPopulation.AddressesOfAPeer == 0 ? LearnedPopulation.NewPeer(_learner, $"{i}") : peer;
            all[i] = AreChosen ? ((UInt128)0x2001_0DB8 << 96) | ((ulong)i << 32) | (uint)i : LearnedPopulation.Address(random);
            LearnedPopulation.Learn(_learner, peer, all[i]);
        }

        for (int i = 0; i < _asked.Length; i++)
        {
            _asked[i] = all[random.Next(Addresses)];
        }
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    public int Hit()
    {
        _at = (_at + Lookups) & (LearnedPopulation.Asked - 1);
        int found = 0;
        foreach (UInt128 address in _asked.AsSpan(_at, Lookups))
        {
            found += _learner.Lookup(address, LearnedPopulation.Start) is null ? 0 : 1;
        }

        return found;
    }
}
