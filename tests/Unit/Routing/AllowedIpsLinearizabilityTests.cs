using WgNet.Routing;
using Xunit;

namespace WgNet.Unit.Routing;

/// <summary>
/// Each lookup answers what was true at one moment between its begin and its end: readers compare with the answers that a plain
/// dictionary gave, version by version, to the same seeded schedule. The prefixes nest deeply, so that a reader which saw parts of
/// two versions would find an answer that was never right.
/// </summary>
public sealed class AllowedIpsLinearizabilityTests
{
    private const int Versions = 20_000;
    private const int Owners = 4;

    // The order of prefixes matters in the schedule: the addresses share all but the last of these lengths, two by two.
    private static readonly int[] IPv4Lengths = [0, 1, 7, 8, 12, 13, 18, 24, 25, 30, 31, 32];
    private static readonly int[] IPv6Lengths = [0, 6, 32, 48, 59, 60, 61, 64, 66, 67, 120, 126, 127, 128];

    private readonly string[] _owners = [.. Enumerable.Range(0, Owners).Select(i => $"owner {i}")];

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 3)]
    [InlineData(false, 4)]
    public async Task Lookup_WhileAScheduleRuns_AnswersWhatWasTrueAtOneMoment(bool isIPv4, int seed)
    {
        UInt128 one = isIPv4 ? 0x0A1B_2C3D : new UInt128(0x2001_0DB8_1234_5678, 0x9ABC_DEF0_1357_9BDF);
        UInt128[] addresses = [one, one ^ 1, one ^ 2, one ^ (UInt128.One << (isIPv4 ? 13 : 64)), one ^ (UInt128.One << (isIPv4 ? 26 : 100))];
        int[] lengths = isIPv4 ? IPv4Lengths : IPv6Lengths;
        Action<AllowedIps<string>>[] schedule = new Action<AllowedIps<string>>[Versions];
        string?[][] answers = Plan(new Random(seed), addresses, lengths, isIPv4, schedule);
        AllowedIps<string> table = new();
        int begun = 0;
        int ended = 0;
        long checks = 0;
        string? wrong = null;
        Task[] readers = [.. Enumerable.Range(0, 2).Select(reader => Task.Factory.StartNew(() =>
        {
            for (int i = reader; Volatile.Read(ref ended) < Versions; i++)
            {
                int which = i % addresses.Length;
                int first = Volatile.Read(ref ended);
                string? found = isIPv4 ? table.LookupIPv4((uint)addresses[which]) : table.LookupIPv6(addresses[which]);
                int last = Volatile.Read(ref begun);
                if (!answers.AsSpan(first, last - first + 1).ContainsAnswer(which, found))
                {
                    wrong = $"address {which}: {found ?? "nothing"} in versions {first} to {last}";
                }

                Interlocked.Increment(ref checks);
            }
        }, TaskCreationOptions.LongRunning))];
        for (int i = 0; i < Versions; i++)
        {
            Interlocked.Exchange(ref begun, i + 1);
            schedule[i](table);
            Interlocked.Exchange(ref ended, i + 1);
            Assert.Equal(answers[i + 1], addresses.Select(address => isIPv4 ? table.LookupIPv4((uint)address) : table.LookupIPv6(address)));
        }

        await Task.WhenAll(readers);
        Assert.Null(wrong);
        Assert.True(checks > 0);
    }

    // What to do at each version, and the right answers before the first and after each.
    private string?[][] Plan(Random random, UInt128[] addresses, int[] lengths, bool isIPv4, Action<AllowedIps<string>>[] schedule)
    {
        Dictionary<IpPrefix, string> model = [];
        string?[][] answers = new string?[Versions + 1][];
        answers[0] = new string?[addresses.Length];
        for (int i = 0; i < Versions; i++)
        {
            var steps = new List<Action<AllowedIps<string>>>();
            for (int step = random.Next(8) == 0 ? random.Next(2, 6) : 1; step > 0; step--)
            {
                steps.Add(PlanStep(random, addresses, lengths, isIPv4, model));
            }

            schedule[i] = steps.Count == 1 ? steps[0] : table =>
            {
                using AllowedIps<string>.Batch batch = table.Begin();
                steps.ForEach(step => step(table));
            };
            answers[i + 1] = [.. addresses.Select(address => lengths.Reverse()
                .Select(length => model.GetValueOrDefault(new IpPrefix(address, length, isIPv4))).FirstOrDefault(owner => owner is not null))];
        }

        return answers;
    }

    private Action<AllowedIps<string>> PlanStep(Random random, UInt128[] addresses, int[] lengths, bool isIPv4, Dictionary<IpPrefix, string> model)
    {
        string owner = _owners[random.Next(Owners)];
        var prefix = new IpPrefix(addresses[random.Next(addresses.Length)], lengths[random.Next(lengths.Length)], isIPv4);
        switch (random.Next(40))
        {
            case 0:
                foreach (IpPrefix owned in model.Where(pair => pair.Value == owner).Select(pair => pair.Key).ToArray())
                {
                    _ = model.Remove(owned);
                }

                return table => table.RemovePeer(owner);
            case < 20 when model.TryGetValue(prefix, out string? holder):
                _ = model.Remove(prefix);
                return table => Assert.True(table.Remove(prefix, holder));
            default:
                model[prefix] = owner;
                return table => table.Insert(prefix, owner);
        }
    }
}

internal static class AnswerSpan
{
    public static bool ContainsAnswer(this Span<string?[]> versions, int which, string? answer)
    {
        foreach (string?[] version in versions)
        {
            if (version[which] == answer)
            {
                return true;
            }
        }

        return false;
    }
}
