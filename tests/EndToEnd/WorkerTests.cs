using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>Several workers a direction at both ends: what one flow carries keeps its order.</summary>
[Collection(nameof(Alone))]
public sealed class WorkerTests
{
    private const int SolUdp = 17, UdpSegment = 103;
    private const int DatagramSize = 1200;
    private const int DatagramsEach = 45;
    private const int Bursts = 2000;

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task UdpFlow_ThroughSeveralWorkers_ArrivesInOrder(int workers)
    {
        using TunnelPair pair = Start(workers);
        await AssertArrivesInOrderAsync(pair, _ => { });
        AssertSeveralWorked(pair.Left, "outbound");
        AssertSeveralWorked(pair.Right, "inbound");
    }

    /// <summary>Pauses after which the inbound worker watches the interface, until the next bursts.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task UdpFlow_WhoseLoadComesAndGoes_ArrivesInOrder(int workers)
    {
        using TunnelPair pair = Start(workers);
        await AssertArrivesInOrderAsync(pair, sendLone =>
        {
            Thread.Sleep(110);
            for (int i = 0; i < 5; i++)
            {
                sendLone();
                Thread.Sleep(1);
            }
        });
    }

    /// <param name="between">Done after each hundred bursts, with what sends one datagram.</param>
    private static async Task AssertArrivesInOrderAsync(TunnelPair pair, Action<Action> between)
    {
        using Socket receiver = pair.RightHost.Namespace.Enter(() =>
        {
            var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4 << 20, ReceiveTimeout = 2000 };
            socket.Bind(new IPEndPoint(IPAddress.Parse(TunnelPair.RightIPv6), 0));
            return socket;
        });

        Task<int> sending = pair.LeftHost.Namespace.EnterAsync(() => SendNumbered((IPEndPoint)receiver.LocalEndPoint!, between));
        int received = CountInOrder(receiver);

        // What the receiving program is too slow for is lost; nothing of the rest may be out of place.
        int sent = await sending;
        Assert.InRange(received, sent / 4, sent);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void TcpStreams_ThroughSeveralWorkers_AreNeverReordered(int workers)
    {
        using TunnelPair pair = Start(workers);

        TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv4);
        TcpTransfer.Run(pair.RightHost, pair.LeftHost, TunnelPair.LeftIPv6);

        AssertNoReordering(pair.LeftHost);
        AssertNoReordering(pair.RightHost);
        AssertSeveralWorked(pair.Left, "outbound");
        AssertSeveralWorked(pair.Left, "inbound");
    }

    [Fact]
    public async Task Workers_ChangedUnderLoad_DisturbNoStream()
    {
        using TunnelPair pair = Start(workers: 1);
        using var end = new CancellationTokenSource();
        Task changes = Task.Run(() =>
        {
            for (int i = 0; !end.IsCancellationRequested; i++)
            {
                Assert.Equal(0, UapiSocket.Set(pair.Left.Name, Workers((i % 4) + 1)));
                Assert.Equal(0, UapiSocket.Set(pair.Right.Name, Workers(4 - (i % 4))));
                Thread.Sleep(20);
            }
        });

        TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv4);

        await end.CancelAsync();
        await changes;
        AssertNoReordering(pair.LeftHost);
    }

    private static TunnelPair Start(int workers)
    {
        var pair = new TunnelPair(Implementation.WgNet, Outside.IPv4);
        foreach (Tunnel end in (Tunnel[])[pair.Left, pair.Right])
        {
            Assert.Equal(0, UapiSocket.Set(end.Name, Workers(workers)));
            Assert.Contains(("workers", workers.ToString(CultureInfo.InvariantCulture)), UapiSocket.Get(end.Name));
        }

        pair.PingBothWays();
        return pair;
    }

    private static string Workers(int count) => string.Create(CultureInfo.InvariantCulture, $"workers={count}");

    // Bursts that the kernel hands over as super-packets: enough at once that a worker does not do them all alone.
    private static int SendNumbered(IPEndPoint to, Action<Action> between)
    {
        using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        Span<byte> option = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(option, DatagramSize);
        socket.SetRawSocketOption(SolUdp, UdpSegment, option);
        byte[] burst = new byte[DatagramsEach * DatagramSize];
        int sent = 0;
        for (int i = 0; i < Bursts; i++)
        {
            Send(DatagramsEach);
            if (i % 8 == 7)
            {
                Thread.Sleep(1);
            }

            if (i % 100 == 99)
            {
                between(() => Send(1));
            }
        }

        return sent;

        void Send(int datagrams)
        {
            for (int i = 0; i < datagrams; i++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(burst.AsSpan(i * DatagramSize), sent++);
            }

            socket.SendTo(burst.AsSpan(0, datagrams * DatagramSize), to);
        }
    }

    // Until nothing has come for as long as the socket waits.
    private static int CountInOrder(Socket receiver)
    {
        byte[] datagram = new byte[2 * DatagramSize];
        int last = -1;
        for (int count = 0; ; count++)
        {
            try
            {
                Assert.Equal(DatagramSize, receiver.Receive(datagram));
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.TimedOut)
            {
                return count;
            }

            int number = BinaryPrimitives.ReadInt32LittleEndian(datagram);
            Assert.True(number > last, $"{number} came after {last}");
            last = number;
        }
    }

    // The sender's own judgement: a hole that closed without a retransmission, and retransmissions that were not needed. A probe for a lost
    // tail and a timeout may repeat what had arrived, when the machine had other things to do: those come from no hole.
    private static void AssertNoReordering(Host sender)
    {
        var counters = sender.Run("nstat -asz").Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > 1 && words[0].StartsWith("TcpExt", StringComparison.Ordinal))
            .ToDictionary(words => words[0]["TcpExt".Length..], words => long.Parse(words[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);

        string[] reordered = ["TCPSACKReorder", "TCPTSReorder", "TCPRenoReorder"];
        Assert.All(reordered, name => Assert.Equal((name, 0), (name, counters[name])));
        Assert.InRange(counters["TCPDSACKRecv"], 0, counters["TCPLossProbes"] + counters["TCPTimeouts"]);
    }

    // By the time that their threads have run, in nanoseconds.
    private static void AssertSeveralWorked(Tunnel tunnel, string direction)
    {
        const long Worked = 5_000_000;
        IReadOnlyList<long> times = ThreadTimes.Of(tunnel, direction);
        Assert.True(times.Count(time => time > Worked) > 1, $"the {direction} threads ran for {string.Join(", ", times)} ns");
    }
}
