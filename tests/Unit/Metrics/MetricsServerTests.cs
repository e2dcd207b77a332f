using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Metrics;
using Xunit;

namespace WgNet.Unit.Metrics;

/// <summary>The server with clients good and bad, at a Unix socket of the test's own and on loopback.</summary>
public sealed class MetricsServerTests : IDisposable
{
    private static readonly MetricsTimeouts Short = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(500));

    private readonly string _folder = Directory.CreateTempSubdirectory("wgt-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "m.sock");

    [Fact]
    public void Get_BothFormats_SayWhatTheyAre()
    {
        using MetricsServer server = Start();
        string open = Scrape.Exchange(Scrape.Connect(Path), Scrape.OpenMetrics);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", open, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n", open, StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", Scrape.Body(open), StringComparison.Ordinal);

        string plain = Scrape.Exchange(Scrape.Connect(Path), Scrape.Plain);
        Assert.Contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n", plain, StringComparison.Ordinal);
        Assert.Contains("wgnet_build_info{interface=\"wgt0\",version=\"1.2.3\"} 1\n", Scrape.Body(plain), StringComparison.Ordinal);
        Assert.DoesNotContain("EOF", plain, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK")]
    [InlineData("GET /other HTTP/1.1\r\nHost: x\r\n\r\n", "404 Not Found")]
    [InlineData("DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "405 Method Not Allowed")]
    [InlineData("\x16\x03\x01\x02 nonsense\r\n\r\n", "400 Bad Request")]
    public void Request_OtherThanGetMetrics_IsAnsweredAndEnds(string request, string status)
    {
        using MetricsServer server = Start();
        string answer = Scrape.Exchange(Scrape.Connect(Path), request);
        Assert.StartsWith($"HTTP/1.1 {status}\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("wgnet_", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_OldHttp_IsNotChunked()
    {
        using MetricsServer server = Start();
        string answer = Scrape.Exchange(Scrape.Connect(Path), "GET /metrics HTTP/1.0\r\n\r\n");
        Assert.DoesNotContain("chunked", answer, StringComparison.Ordinal);
        Assert.EndsWith("\n", Scrape.Body(answer), StringComparison.Ordinal);
    }

    [Fact]
    public void Request_LargerThanAllowed_IsRefusedThoughNotReadToItsEnd()
    {
        using MetricsServer server = Start(new MetricsAddress(null, new IPEndPoint(IPAddress.Loopback, 0)), out IPEndPoint at);
        string request = "GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + new string('x', 20_000) + "\r\n\r\n";
        Assert.StartsWith("HTTP/1.1 400 ", Scrape.Exchange(Scrape.Connect(at), request), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", Scrape.Exchange(Scrape.Connect(at), Scrape.Plain), StringComparison.Ordinal);
    }

    [Fact]
    public void Client_ThatNeverEndsItsRequest_IsDroppedInTime()
    {
        using MetricsServer server = Start(timeouts: Short);
        using Socket client = Scrape.Connect(Path);
        client.Send("GET /metr"u8);
        long start = Stopwatch.GetTimestamp();
        Assert.Equal("", Scrape.ReadToEnd(client));
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Client_ThatNeverReads_IsDroppedInTimeAndDisturbsNobody()
    {
        using MetricsServer server = Start(peers: 20_000, timeouts: Short);
        using Socket client = Scrape.Connect(Path);
        client.Send(Encoding.ASCII.GetBytes(Scrape.OpenMetrics));
        Assert.StartsWith("HTTP/1.1 404 ", Scrape.Exchange(Scrape.Connect(Path), "GET / HTTP/1.0\r\n\r\n"), StringComparison.Ordinal);
        Thread.Sleep(Short.Answer * 2);
        Assert.DoesNotContain("# EOF", Scrape.ReadToEnd(client), StringComparison.Ordinal);
    }

    [Fact]
    public void Clients_ManyWhoNeverAsk_DoNotKeepAScraperOut()
    {
        using MetricsServer server = Start();
        List<Socket> idle = [.. Enumerable.Range(0, MetricsServer.MostWaiting + 50).Select(_ => Scrape.Connect(Path))];
        Assert.StartsWith("HTTP/1.1 200 ", Scrape.Exchange(Scrape.Connect(Path), Scrape.Plain), StringComparison.Ordinal);

        // The oldest were turned away, the newest wait.
        Assert.Equal("", Scrape.ReadToEnd(idle[0]));
        idle[^1].Send(Encoding.ASCII.GetBytes(Scrape.Plain));
        Assert.StartsWith("HTTP/1.1 200 ", Scrape.ReadToEnd(idle[^1]), StringComparison.Ordinal);
        idle.ForEach(client => client.Dispose());
    }

    [Fact]
    public void Clients_ManyWhoNeverRead_DoNotKeepAScraperOut()
    {
        using MetricsServer server = Start(peers: 2000);
        List<Socket> lazy = [.. Enumerable.Range(0, MetricsServer.MostReading + 8).Select(_ => Scrape.Connect(Path))];
        foreach (Socket client in lazy)
        {
            client.Send(Encoding.ASCII.GetBytes(Scrape.OpenMetrics));
            _ = client.Receive(new byte[1]);
        }

        Assert.EndsWith("# EOF\n", Scrape.Body(Scrape.Exchange(Scrape.Connect(Path), Scrape.OpenMetrics)), StringComparison.Ordinal);
        Assert.DoesNotContain("# EOF", Scrape.ReadToEnd(lazy[0]), StringComparison.Ordinal);
        lazy.ForEach(client => client.Dispose());
    }

    [Fact]
    public void Get_TenThousandPeers_ComesWholeInPieces()
    {
        using MetricsServer server = Start(peers: 10_000);
        string body = Scrape.Body(Scrape.Exchange(Scrape.Connect(Path), Scrape.OpenMetrics));
        Assert.EndsWith("# EOF\n", body, StringComparison.Ordinal);
        Assert.Equal(10_000, body.Split('\n').Count(line => line.StartsWith("wgnet_peer_sent_bytes_total{", StringComparison.Ordinal)));
        Assert.Equal(
            10_000 * DropCounters.PeerReasons.Count,
            body.Split('\n').Count(line => line.StartsWith("wgnet_peer_dropped_packets_total{", StringComparison.Ordinal)));
    }

    [Fact]
    public void SocketFile_IsForOwnerOnlyAndGoesWithTheServer()
    {
        using (MetricsServer server = Start())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
            ConfigurationException error = Assert.Throws<ConfigurationException>(() => Start());
            Assert.Equal(Errno.EADDRINUSE, error.Errno);
            Assert.Contains(Path, error.Message, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(Path));
    }

    [Fact]
    public void SocketFile_OfADeadProcess_IsReplaced()
    {
        using (Socket dead = UnixListener.Open(Path, 1))
        {
        }

        Assert.NotNull(FileStatus.SocketInode(Path));
        using MetricsServer server = Start();
        Assert.StartsWith("HTTP/1.1 200 ", Scrape.Exchange(Scrape.Connect(Path), Scrape.Plain), StringComparison.Ordinal);
    }

    [Fact]
    public void SocketFile_OfASuccessor_IsLeftAlone()
    {
        MetricsServer server = Start();
        File.Delete(Path);
        using Socket successor = UnixListener.Open(Path, 1);
        server.Dispose();
        Assert.NotNull(FileStatus.SocketInode(Path));
    }

    [Fact]
    public void OtherFile_AtThePath_IsNeverRemoved()
    {
        File.WriteAllText(Path, "precious");
        Assert.Equal(Errno.EADDRINUSE, Assert.Throws<ConfigurationException>(() => Start()).Errno);
        Assert.Equal("precious", File.ReadAllText(Path));
        File.Delete(Path);
        File.CreateSymbolicLink(Path, "/etc/hostname");
        Assert.Equal(Errno.EADDRINUSE, Assert.Throws<ConfigurationException>(() => Start()).Errno);
        Assert.NotNull(new FileInfo(Path).LinkTarget);
    }

    [Theory]
    [InlineData("/proc/nonexistent/m.sock", Errno.ENOENT)]
    [InlineData("192.0.2.1:9586", Errno.EADDRNOTAVAIL)]
    public void Start_WhereNothingCanListen_SaysWhy(string text, int errno)
    {
        Assert.True(MetricsAddress.TryParse(text, out MetricsAddress? address));
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => Start(address, out _));
        Assert.Equal(errno, error.Errno);
        Assert.StartsWith($"metrics cannot be served at {text}: ", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private MetricsServer Start(int peers = 1, MetricsTimeouts? timeouts = null) => MetricsServer.Start(
        new MetricsAddress(Path, null), "wgt0", "1.2.3", new FakeMeasured(peers), Log.None, timeouts);

    private static MetricsServer Start(MetricsAddress address, out IPEndPoint at)
    {
        // A port of the kernel's choice, given back a moment before.
        using (var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            at = (IPEndPoint)probe.LocalEndPoint!;
        }

        return MetricsServer.Start(address.EndPoint is { Port: 0 } ? new(null, at) : address, "wgt0", "1.2.3", new FakeMeasured(1), Log.None);
    }

    private sealed class FakeMeasured(int peers) : IMeasured
    {
        public DeviceMeters Measure() => new()
        {
            Peers = [.. Enumerable.Range(0, peers).Select(i => new PeerMeters(Key(i)) { SentBytes = i })],
            Workers = [new WorkerMeter(IsInbound: true, 0, 5)],
        };

        private static WgNet.Protocol.PublicKey Key(int number)
        {
            byte[] key = new byte[32];
            BitConverter.TryWriteBytes(key, number);
            return new WgNet.Protocol.PublicKey(key);
        }
    }
}
