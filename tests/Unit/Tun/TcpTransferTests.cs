using System.Net;
using System.Net.Sockets;
using WgNet.Linux;
using WgNet.Tun;
using Xunit;
using static WgNet.Unit.Tun.TunDeviceTests;

namespace WgNet.Unit.Tun;

/// <summary>
/// The kernel's TCP judges both directions at once: super-packets of one host are cut apart, put together and given to another.
/// <code>
///   namespace 1: TCP – wgt0 ⇄ segmenter, coalescer ⇄ wgt0 – TCP: namespace 2
/// </code>
/// </summary>
public sealed class TcpTransferTests
{
    private const int Size = 20_000_000;

    private bool _isStopping;
    private long _longestRead;

    [Theory]
    [InlineData(false, "10.77.0", false)]
    [InlineData(false, "10.77.0", true)]
    [InlineData(true, "fd77:", false)]
    [InlineData(true, "fd77:", true)]
    public void Transfer_BetweenTwoNamespaces_ArrivesUnchanged(bool ipv6, string network, bool senderIsPlain)
    {
        string separator = ipv6 ? ":" : ".";
        TunDevice? left = null, right = null;
        Socket? client = null, server = null;
        OwnNamespace.Run(() => (left, server) = Host($"{network}{separator}1", offload: true));
        OwnNamespace.Run(() => (right, client) = Host($"{network}{separator}2", offload: !senderIsPlain));
        using TunDevice one = left!, two = right!;
        using Socket listener = server!, sender = client!;
        Thread[] pumps =
        [
            Start(() => Pump(one, two)),
            Start(() => Pump(two, one)),
        ];
        byte[] sent = new byte[Size];
        new Random(5).NextBytes(sent);

        listener.Listen();
        Thread sending = Start(() =>
        {
            sender.Connect(IPAddress.Parse($"{network}{separator}1"), ((IPEndPoint)listener.LocalEndPoint!).Port);
            sender.Send(sent);
            sender.Shutdown(SocketShutdown.Send);
        });
        byte[] received = ReceiveAll(listener);
        sending.Join();
        Volatile.Write(ref _isStopping, true);
        one.Wake();
        two.Wake();
        Array.ForEach(pumps, pump => pump.Join());

        Assert.True(sent.AsSpan().SequenceEqual(received));
        Assert.Equal(senderIsPlain, _longestRead == VirtioNetHeader.Size + 1420);
    }

    private static (TunDevice Tun, Socket Socket) Host(string address, bool offload)
    {
        var tun = TunDevice.Open("wgt0", 1420, offload);
        Ip($"address add {address}/{(address.Contains(':', StringComparison.Ordinal) ? "64 nodad" : "24")} dev wgt0");
        Ip("link set wgt0 up");
        var own = IPAddress.Parse(address);
        var socket = new Socket(own.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(own, 0));
        return (tun, socket);
    }

    private void Pump(TunDevice from, TunDevice to)
    {
        using var read = new NativeBuffer(TunDevice.MaximumRead);
        using var segments = new NativeBuffer(4 << 20);
        var coalescer = new Coalescer(to, segments);
        while (!Volatile.Read(ref _isStopping))
        {
            int used = 0, length;
            while (used < 2 << 20 && (length = from.Read(read, 0)) > 0)
            {
                var segmenter = default(Segmenter);
                Assert.True(segmenter.Begin(read.Slice(0, length)));
                while (segmenter.NextLength > 0)
                {
                    used += VirtioNetHeader.Size;
                    Assert.True(segmenter.TryNext(segments.Slice(used, segmenter.NextLength), out int segment));
                    coalescer.Add(used, segment);
                    used += segment;
                }

                _longestRead = Math.Max(_longestRead, length);
            }

            coalescer.Flush();
            from.WaitReadable();
        }
    }

    private static byte[] ReceiveAll(Socket listener)
    {
        using Socket connection = listener.Accept();
        connection.ReceiveTimeout = 20_000;
        byte[] received = new byte[Size];
        int length = 0, count;
        while (length < Size && (count = connection.Receive(received.AsSpan(length))) > 0)
        {
            length += count;
        }

        return received[..length];
    }

    private static Thread Start(ThreadStart code)
    {
        var thread = new Thread(code) { IsBackground = true };
        thread.Start();
        return thread;
    }
}
