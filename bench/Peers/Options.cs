using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using WgNet.Learning;

namespace WgNet.Peers;

/// <summary>What the command line asked for.</summary>
/// <param name="IdleSeconds">0: idle cost is not measured.</param>
/// <param name="Addresses">That each peer teaches wgnet; 0 for none.</param>
internal sealed record Options(IReadOnlyList<string> Programs, int Peers, int Rounds, int IdleSeconds, int Addresses, string Output)
{
    private const string Usage = """
        usage: ./bench.sh peers [--against LIST] [--peers N] [--rounds N] [--idle SECONDS] [--learn N] [--output FILE]

        A gateway with many peers on one processor, and on another one a program that plays the peers. Interleaved rounds, medians.

          --against LIST   programs beside wgnet, comma-separated: names or paths, started as `program -f INTERFACE'
                           (default: wireguard-go); "" for none
          --peers N        how many (default: 10000)
          --rounds N       how often each program is started and measured (default: 3)
          --idle SECONDS   in the last round, how long processor time is counted while nothing happens, first without and
                           then with a persistent keepalive of 25 seconds for every peer (default: 0, not at all)
          --learn N        how many new addresses each peer sends from, all in one burst, for wgnet to learn (default: 16)
        """;

    public static bool TryParse(string[] arguments, string wgnet, string output, [NotNullWhen(true)] out Options? options, out int exitCode)
    {
        options = new Options([wgnet, "wireguard-go"], Peers: 10_000, Rounds: 3, IdleSeconds: 0, Addresses: LearnDefaults.Limit, output);
        exitCode = 0;
        for (int i = 0; i < arguments.Length; i += 2)
        {
            if (arguments[i] is "--help" or "-h")
            {
                Console.WriteLine(Usage);
                options = null;
                return false;
            }

            if (i + 1 == arguments.Length || !TryApply(ref options, arguments[i], arguments[i + 1]))
            {
                Console.Error.WriteLine($"peers: {string.Join(' ', arguments.Skip(i).Take(2))}: no such option, or not such a value; see --help");
                options = null;
                exitCode = 2;
                return false;
            }
        }

        return true;
    }

    private static bool TryApply(ref Options options, string name, string value)
    {
        bool isNumber = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        switch (name)
        {
            case "--against":
                options = options with { Programs = [options.Programs[0], .. value.Split(',', StringSplitOptions.RemoveEmptyEntries)] };
                return true;
            case "--peers":
                options = options with { Peers = number };
                return isNumber && number is > 0 and <= Crowd.MostPeers;
            case "--rounds":
                options = options with { Rounds = number };
                return isNumber && number > 0;
            case "--idle":
                options = options with { IdleSeconds = number };
                return isNumber;
            case "--learn":
                options = options with { Addresses = number };
                return isNumber && number <= LearnDefaults.Limit;
            case "--output":
                options = options with { Output = value };
                return true;
            default:
                return false;
        }
    }
}
