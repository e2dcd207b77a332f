using System.Globalization;
using System.Text.Json;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>
/// Many peers at once, as after a gateway's restart. They are played by the benchmark's crowd (bench/Peers), which speaks the
/// protocol from an address and with a key of each peer's own, and checks every answer.
/// </summary>
[Collection(nameof(Alone))]
public sealed class PeersTests
{
    [Fact]
    public void Handshakes_TwoThousandPeersAtOnce_AreAnsweredAndAnEstablishedPeerLosesNothing()
    {
        Dictionary<string, double> figures = Run(peers: 2000, addresses: 0);
        Assert.Equal(0, figures["of which lost"]);
        Assert.InRange(figures["packets of an established peer meanwhile"], 10, double.MaxValue);
        Assert.InRange(figures["first handshake of all peers, s"], 0, 12); // 10,000 within a minute
        Assert.InRange(figures["memory a configured peer, private, kB"], 0, 8);
    }

    [Fact]
    public void Learning_FiveHundredPeersWithSixteenNewAddressesInOneBurst_LearnsAllAndAnswersEach()
    {
        const int Addresses = 500 * 16;
        Dictionary<string, double> figures = Run(peers: 500, addresses: 16);
        Assert.Equal(Addresses, figures["new addresses in one burst"]);
        Assert.Equal(Addresses, figures["of which learned"]);
        Assert.Equal(Addresses, figures["of which answered, some sent again"]);
        Assert.Equal(0, figures["answers to a peer of another address"]);
    }

    private static Dictionary<string, double> Run(int peers, int addresses)
    {
        using var lab = new Lab();
        string file = Path.Combine(lab.Folder, "peers.json");

        // Every handshake that is not answered, or not with a genuine answer, makes it fail.
        CommandResult result = Command.TryRun(
            [
                Programs.Crowd, "--peers", Text(peers), "--learn", Text(addresses),
                "--rounds", "1", "--against", "", "--output", file,
            ],
            timeout: TimeSpan.FromSeconds(60));
        Assert.True(result.Succeeded, result.ToString());
        return Read(file);

        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    }

    private static Dictionary<string, double> Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        return document.RootElement.GetProperty("results").EnumerateArray().ToDictionary(
            figure => figure.GetProperty("metric").GetString()!,
            figure => figure.GetProperty("median").GetDouble(),
            StringComparer.Ordinal);
    }
}
