using System.Diagnostics;
using System.Text.Json;

namespace WgNet.Micro.Turns;

/// <summary>
/// Look-ups of learned addresses beside .NET's dictionaries, block by block. BenchmarkDotNet asks one contender for seconds, which
/// then has the caches to itself; in a gateway, packets go through them between two look-ups. Here a block is as many look-ups as a
/// busy batch has packets, each of another address in random order, and the addresses lie in the nearest cache, as those of packets
/// that were just opened do. Arrangements:
/// <list type="bullet">
/// <item>alone: 256 blocks of one contender follow each other, then those of the next, in random order;</item>
/// <item>alone, packets between: before each block, a batch of packets passes (<see cref="PassingPackets"/>). The nearest to a
/// gateway;</item>
/// <item>in turns, and in turns with packets between: after each block it is another's turn, in random order. The other tables
/// then are in the caches, too, as other programs' data are.</item>
/// </list>
/// Times are of blocks as the clock gives them, nothing subtracted; reading the clock is about one hundredth of the shortest.
/// </summary>
internal sealed class LookupTurns(LearnedPopulation population)
{
    private const int Block = 128;
    private const int Blocks = 2048;
    private const int Stretch = 256;

    // Until the runtime has compiled for the last time what is asked often.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    private static readonly int[] Sizes = [1_000, 64_000, 1_000_000];

    private static readonly Arrangement[] Arrangements =
    [
        new("alone", Packets: false, Stretch),
        new("alone, packets between", Packets: true, Stretch),
        new("in turns", Packets: false, Stretch: 1),
        new("in turns, packets between", Packets: true, Stretch: 1),
    ];

    private readonly Contender[] _contenders = Contender.Of(population);
    private readonly PassingPackets _packets = new();
    private readonly UInt128[] _block = new UInt128[Block];
    private readonly Random _random = new(1);
    private int _at;

    /// <summary>All of it, to the terminal and to turns.json in the folder.</summary>
    public static void Run(TextWriter output, string folder)
    {
        List<TurnsRow> rows = [];
        string[] names = [];
        foreach (int size in Sizes)
        {
            LookupTurns turns = new(LearnedPopulation.Of(size));
            names = [.. turns._contenders.Select(contender => contender.Name)];
            GC.Collect();
            for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < WarmUp;)
            {
                _ = turns.Measure();
            }

            rows.AddRange(turns.Measure());
        }

        output.WriteLine($"Nanoseconds for a look-up: medians and quartiles of {Blocks} blocks of {Block}. Behind others: what WgNet's is of theirs.");
        TurnsTable.Print(names, rows, output);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "turns.json"), JsonSerializer.Serialize(new { Block, Blocks, Contenders = names, Rows = rows }));
    }

    private List<TurnsRow> Measure() =>
    [
        .. Arrangements.Select(arrangement => new TurnsRow("hit", population.Count, arrangement.Name, Measure(arrangement, population.Present, Block))),
        .. Arrangements.Select(arrangement => new TurnsRow("miss", population.Count, arrangement.Name, Measure(arrangement, population.Absent, 0))),
    ];

    // Of each contender, the nanoseconds of one look-up.
    private Quartiles[] Measure(Arrangement arrangement, UInt128[] addresses, int found)
    {
        double[][] times = [.. _contenders.Select(_ => new double[Blocks])];
        int[] order = [.. Enumerable.Range(0, _contenders.Length)];
        for (int block = 0; block < Blocks; block += arrangement.Stretch)
        {
            _random.Shuffle(order);
            foreach (int turn in order)
            {
                for (int i = 0; i < arrangement.Stretch; i++)
                {
                    times[turn][block + i] = Time(_contenders[turn], arrangement.Packets, addresses, found) / Block;
                }
            }
        }

        return [.. times.Select(values => Quartiles.Of(values))];
    }

    // The nanoseconds of the next block.
    private double Time(Contender contender, bool packets, UInt128[] addresses, int found)
    {
        if (packets)
        {
            _packets.Pass();
        }

        _at = (_at + Block) % LearnedPopulation.Asked;
        addresses.AsSpan(_at, Block).CopyTo(_block);
        long begin = Stopwatch.GetTimestamp();
        int answered = contender.Ask(_block);
        long end = Stopwatch.GetTimestamp();
        return answered == found
            ? (end - begin) * 1e9 / Stopwatch.Frequency
            : throw new InvalidOperationException($"{contender.Name} found {answered} of {Block}");
    }

    private sealed record Arrangement(string Name, bool Packets, int Stretch);
}
