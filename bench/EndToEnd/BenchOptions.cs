using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace WgNet.Bench;

/// <summary>What the command line asked for.</summary>
/// <param name="Against">The opponents, as they were named: wireguard-go, limit, kernel, or a path.</param>
/// <param name="Only">Measurements to take; all if empty.</param>
internal sealed record BenchOptions(IReadOnlyList<string> Against, IReadOnlyList<string> Only, int Rounds, int Seconds, string Output)
{
    private const string Usage = """
        usage: ./bench.sh e2e [--against LIST] [--only LIST] [--rounds N] [--seconds N] [--quick] [--output FOLDER]

        Two network namespaces joined by a cable, the same program at both ends, interleaved rounds, medians. Needs root.

          --against LIST   opponents beside wgnet, comma-separated (default: wireguard-go,limit):
                             wireguard-go   Debian's
                             limit          the same path without cryptography: what the machine's I/O allows
                             kernel         the kernel's WireGuard, where there is one
                             /path/program  any program that is started as `program -f INTERFACE' and obeys wg(8)
          --only LIST      measurements, comma-separated (default: all but idle):
        """;

    public static bool TryParse(string[] arguments, [NotNullWhen(true)] out BenchOptions? options, out int exitCode)
    {
        options = new BenchOptions(["wireguard-go", "limit"], [], Rounds: 3, Seconds: 5, "artifacts/bench");
        exitCode = 0;
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            if (name is "--help" or "-h")
            {
                Console.WriteLine(Usage);
                foreach (Measurement measurement in Measurements.All)
                {
                    Console.WriteLine($"                     {measurement.Key,-14} {measurement.Title}");
                }

                Console.WriteLine("  --rounds N       how often each is measured (default: 3)\n  --seconds N      how long (default: 5)\n  --quick          one round of one second: to see that it works, not how fast\n  --output FOLDER  where the table, JSON and charts go (default: artifacts/bench)");
                options = null;
                return false;
            }

            if (name == "--quick")
            {
                options = options with { Rounds = 1, Seconds = 1 };
            }
            else if (i + 1 == arguments.Length || !TryApply(ref options, name, arguments[++i]))
            {
                Console.Error.WriteLine($"bench: {(arguments[i] == name ? name : $"{name} {arguments[i]}")}: no such option, or not such a value; see --help");
                options = null;
                exitCode = 2;
                return false;
            }
        }

        return true;
    }

    private static bool TryApply(ref BenchOptions options, string name, string value)
    {
        string[] list = value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        bool isNumber = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is > 0 and <= 3600;
        switch (name)
        {
            case "--against":
                options = options with { Against = list };
                return true;
            case "--only":
                options = options with { Only = list };
                return list.All(key => Measurements.All.Any(measurement => measurement.Key == key));
            case "--rounds":
                options = options with { Rounds = number };
                return isNumber;
            case "--seconds":
                options = options with { Seconds = number };
                return isNumber;
            case "--output":
                options = options with { Output = value };
                return true;
            default:
                return false;
        }
    }
}
