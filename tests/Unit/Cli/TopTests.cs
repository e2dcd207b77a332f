using System.Diagnostics;
using System.Net;
using WgNet.Cli.Top;
using WgNet.Device;
using WgNet.Udp;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class TopTests
{
    private const long Now = 1_700_000_000;

    [Fact]
    public void Sampler_CountersThatGrow_BecomeRates()
    {
        var sampler = new TopSampler();
        Assert.Equal((0, 0), Rates(sampler.Next([("wgt0", Device(1000, 0))], 1 * Stopwatch.Frequency, Now)));
        Assert.Equal((1024, 512), Rates(sampler.Next([("wgt0", Device(3048, 1024))], 3 * Stopwatch.Frequency, Now)));

        // Removed and added again, it begins anew.
        Assert.Equal((0, 0), Rates(sampler.Next([("wgt0", Device(10, 10))], 4 * Stopwatch.Frequency, Now)));
        _ = sampler.Next([("wgt0", new DeviceSnapshot())], 5 * Stopwatch.Frequency, Now);
        Assert.Equal((0, 0), Rates(sampler.Next([("wgt0", Device(1 << 20, 10))], 6 * Stopwatch.Frequency, Now)));
    }

    [Fact]
    public void Frame_OfPeers_ShowsEachAndTheirTotals() => Assert.Equal(
        """
        wgt0: 1 of 3 peers with live keys, by received; 7 drops of no peer
        PEER       ENDPOINT                       RX/s     TX/s HANDSHAKE LEARNED  DROPS
        Key2aaaaa… 198.51.100.7:51820          2.0 MiB  1.0 KiB      12 s       2      0
        Key1aaaaa… [2001:db8:1234:567…]:51820    512 B      0 B     5 min       1   1234
        Key3aaaaa…                                 0 B      0 B     never       0      1
        3 peers                                2.0 MiB  1.0 KiB                 3   1235

        p peer  r received  s sent  h handshake  l learned  d drops  j/k scroll  q quit
        """,
        string.Join('\n', new TopView(colours: false).Frame(Sample(), 80, 8)));

    [Theory]
    [InlineData("p", "1 2 3")]
    [InlineData("pp", "3 2 1")]
    [InlineData("r", "3 1 2")]
    [InlineData("s", "2 1 3")]
    [InlineData("ss", "3 1 2")]
    [InlineData("h", "2 1 3")]
    [InlineData("l", "2 1 3")]
    [InlineData("D", "1 3 2")]
    [InlineData("x", "2 1 3")]
    public void Press_KeysOfColumns_SortByThem(string keys, string order)
    {
        var view = new TopView(colours: false);
        Assert.All(keys, key => Assert.True(view.Press(Key(key))));
        Assert.Equal(order, string.Join(' ', view.Frame(Sample(), 80, 24)[2..5].Select(line => line[3])));
    }

    [Fact]
    public void Press_Q_Ends() => Assert.False(new TopView(colours: false).Press(Key('q')));

    [Fact]
    public void Frame_MorePeersThanLines_IsScrolledWithinItsBounds()
    {
        var sample = new TopSample(["wgt0"], [.. Enumerable.Range(0, 100).Select(i => Row($"K{i:00}"))], 0);
        var view = new TopView(colours: false);
        Assert.Equal((24, "K00"), First());
        Assert.True(view.Press(new ConsoleKeyInfo('\0', ConsoleKey.DownArrow, false, false, false)));
        Assert.Equal((24, "K01"), First());
        Assert.All(new string('k', 5), key => Assert.True(view.Press(Key(key))));
        Assert.Equal((24, "K00"), First());
        Assert.Contains("1-20 shown", view.Frame(sample, 80, 24)[0], StringComparison.Ordinal);
        for (int i = 0; i < 200; i++)
        {
            view.Press(Key('j'));
            _ = First();
        }

        Assert.Equal((24, "K80"), First());

        (int Lines, string First) First() => (view.Frame(sample, 80, 24).Count, view.Frame(sample, 80, 24)[2][..3]);
    }

    [Theory]
    [InlineData(80, 24)]
    [InlineData(80, 4)]
    [InlineData(64, 10)]
    [InlineData(100, 50)]
    [InlineData(250, 24)]
    public void Frame_OfAnySize_FitsIt(int width, int height)
    {
        TopSample one = Sample();
        TopSample two = new(["wgt0", "interface-long1"], [.. one.Rows, .. one.Rows.Select(row => row with { Interface = "interface-long1", Drops = long.MaxValue / 8, ReceivedRate = 1e18 })], long.MaxValue);
        foreach (TopSample sample in width < 80 ? [one] : (TopSample[])[one, two, new(["wgt0"], [], 0)])
        {
            List<string> lines = new TopView(colours: false).Frame(sample, width, height);
            Assert.Equal(height, lines.Count);
            Assert.DoesNotContain(lines, line => line.Length > width);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(10, 3)]
    [InlineData(0, 0)]
    public void Frame_OfATinyScreen_IsStillDrawn(int width, int height) =>
        Assert.InRange(new TopView(colours: true).Frame(Sample(), width, height).Count, 1, Math.Max(1, height));

    [Fact]
    public void Table_WideEnough_ShowsKeysAndEndpointsWhole()
    {
        string table = new TopTable(Sample(), Sample().Rows, 144).Render(colours: false);
        Assert.Contains(Key2 + " ", table, StringComparison.Ordinal);
        Assert.Contains(" [2001:db8:1234:5678:9abc:def0:1234:5678]:51820 ", table, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', table);
        Assert.Contains('\e', new TopTable(Sample(), Sample().Rows, 144).Render(colours: true));
    }

    private static string Key1 => "Key1".PadRight(44, 'a');

    private static string Key2 => "Key2".PadRight(44, 'a');

    private static ConsoleKeyInfo Key(char letter) => new(letter, ConsoleKey.None, false, false, false);

    private static TopSample Sample() => new(
        ["wgt0"],
        [
            Row(Key1) with { Endpoint = "[2001:db8:1234:5678:9abc:def0:1234:5678]:51820", ReceivedRate = 512, HandshakeAge = 300, Learned = 1, Drops = 1234 },
            Row(Key2) with { Endpoint = "198.51.100.7:51820", ReceivedRate = 2 << 20, SentRate = 1024, HandshakeAge = 12, Learned = 2 },
            Row("Key3".PadRight(44, 'a')) with { Drops = 1 },
        ],
        7);

    private static TopRow Row(string peer) => new("wgt0", default, peer) { Endpoint = "" };

    private static DeviceSnapshot Device(long received, long sent)
    {
        var device = new DeviceSnapshot();
        device.Peers.Add(new PeerSnapshot(SampleDevices.Key(1)) { ReceivedBytes = received, SentBytes = sent, Endpoint = new Endpoint(IPAddress.Loopback, 1) });
        return device;
    }

    private static (double Received, double Sent) Rates(TopSample sample) => (Assert.Single(sample.Rows).ReceivedRate, sample.Rows[0].SentRate);
}
