using System.Collections.Concurrent;
using System.Collections.Frozen;
using WgNet.Learning;

namespace WgNet.Micro.Turns;

/// <summary>
/// Who is asked: each is given the same kind of block and answers how many of its addresses have a peer. All return a reference to
/// the peer, which is compared with null and not followed: what a caller does with it then costs the same behind each of them.
/// </summary>
/// <param name="Ask">Given a block of addresses.</param>
internal sealed record Contender(string Name, Contender.Lookups Ask)
{
    public delegate int Lookups(ReadOnlySpan<UInt128> addresses);

    // As many packets as an outbound worker reads before it asks for their peers, at most.
    private const int Batch = 64;

    /// <summary>WgNet first: as an outbound worker asks it, and then as it would be without approaching the addresses of a batch.</summary>
    public static Contender[] Of(LearnedPopulation population)
    {
        AddressLearner<string> learner = population.Learner;
        ConcurrentDictionary<UInt128, string> concurrent = population.Dictionary;
        FrozenDictionary<UInt128, string> frozen = population.Frozen;
        SlotKey[] keys = new SlotKey[Batch];
        return
        [
            new("WgNet", addresses => Found(learner, addresses, keys)),
            new("WgNet, one by one", addresses => Found(learner, addresses)),
            new("ConcurrentDictionary", addresses => Found(concurrent, addresses)),
            new("FrozenDictionary", addresses => Found(frozen, addresses)),
        ];
    }

    private static int Found(AddressLearner<string> learner, ReadOnlySpan<UInt128> addresses, SlotKey[] keys)
    {
        int found = 0;
        for (int at = 0; at < addresses.Length; at += keys.Length)
        {
            learner.Approach(addresses.Slice(at, keys.Length), keys);
            foreach (ref readonly SlotKey key in keys.AsSpan())
            {
                string? peer = learner.Lookup(key, LearnedPopulation.Start);
                found += peer is null ? 0 : 1;
            }
        }

        return found;
    }

    private static int Found(AddressLearner<string> learner, ReadOnlySpan<UInt128> addresses)
    {
        int found = 0;
        foreach (UInt128 address in addresses)
        {
            string? peer = learner.Lookup(address, LearnedPopulation.Start);
            found += peer is null ? 0 : 1;
        }

        return found;
    }

    private static int Found(ConcurrentDictionary<UInt128, string> dictionary, ReadOnlySpan<UInt128> addresses)
    {
        int found = 0;
        foreach (UInt128 address in addresses)
        {
            _ = dictionary.TryGetValue(address, out string? peer);
            found += peer is null ? 0 : 1;
        }

        return found;
    }

    private static int Found(FrozenDictionary<UInt128, string> dictionary, ReadOnlySpan<UInt128> addresses)
    {
        int found = 0;
        foreach (UInt128 address in addresses)
        {
            _ = dictionary.TryGetValue(address, out string? peer);
            found += peer is null ? 0 : 1;
        }

        return found;
    }
}
