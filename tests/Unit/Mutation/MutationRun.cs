using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using WgNet.Linux;
using Xunit.Sdk;

namespace WgNet.Unit.Mutation;

/// <summary>
/// How many inputs a mutation test throws, and from which seed. The usual run is the same every time. With WGNET_MUTATIONS=factor
/// it is that many times longer and random; a failure names the seed, and WGNET_MUTATION_SEED=seed repeats it.
/// </summary>
internal static class MutationRun
{
    private static readonly double? Factor = Read("WGNET_MUTATIONS") is { } factor ? double.Parse(factor, CultureInfo.InvariantCulture) : null;

    private static readonly ulong? Seed = Read("WGNET_MUTATION_SEED") is { } seed ? ulong.Parse(seed, CultureInfo.InvariantCulture) : null;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(10);

    /// <summary>Throws <paramref name="count"/> inputs, or as many times more as the long form asks for.</summary>
    public static void Each(int count, Action<Mutator> input, [CallerMemberName] string name = "")
    {
        ulong seed = Seed ?? (Factor is null ? HashOf(name) : Random());
        long inputs = (long)(count * (Factor ?? 1));
        long lastProgress = Stopwatch.GetTimestamp();
        for (long i = 0; i < inputs; i++)
        {
            // Each input has numbers of its own, so that a change to one kind of mutation leaves the others as they were.
            var mutator = new Mutator(seed + ((ulong)i * 0xd134_2543_de82_ef95));
            try
            {
                input(mutator);
            }
            catch (Exception e)
            {
                throw new XunitException($"{name}: input {i} of seed {seed} (WGNET_MUTATIONS={Factor ?? 1} WGNET_MUTATION_SEED={seed}): {e.Message}", e);
            }

            if (Factor is not null && Stopwatch.GetElapsedTime(lastProgress) > ProgressInterval)
            {
                lastProgress = Stopwatch.GetTimestamp();
                Console.WriteLine($"{name}: {i} of {inputs}, seed {seed}");
            }
        }

        if (Factor is not null)
        {
            Console.WriteLine($"{name}: {inputs} inputs, seed {seed}");
        }
    }

    private static string? Read(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;

    private static ulong Random()
    {
        Span<byte> bytes = stackalloc byte[8];
        KernelRandom.Fill(bytes);
        return BitConverter.ToUInt64(bytes);
    }

    // FNV-1a: the same seed for a test in every run, another one for every test.
    private static ulong HashOf(string name) =>
        Encoding.UTF8.GetBytes(name).Aggregate(0xcbf2_9ce4_8422_2325, (hash, b) => (hash ^ b) * 0x100_0000_01b3);
}
