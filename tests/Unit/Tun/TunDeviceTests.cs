using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using WgNet.Linux;
using WgNet.Tun;
using Xunit;

namespace WgNet.Unit.Tun;

/// <summary>Real interfaces, each in a network namespace of its own. Needs root and /dev/net/tun.</summary>
public sealed class TunDeviceTests
{
    [Fact]
    public void Open_WithOffload_HasNameMtuAndOffload() => OwnNamespace.Run(() =>
    {
        using var tun = TunDevice.Open("wgt%d", 1380, offload: true);

        Assert.Equal("wgt0", tun.Name);
        Assert.Equal(1380, NetworkInterface.GetMtu("wgt0"));
        Assert.True(tun.HasOffload);
        Ip("link set wgt0 name other");
        Assert.Equal("other", tun.Name);
    });

    [Fact]
    public void Open_NameTooLong_SaysSo() =>
        Assert.Equal(Errno.ENAMETOOLONG, Assert.Throws<LinuxException>(() => TunDevice.Open("sixteen-letters-", 0, offload: true)).Errno);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_DatagramOfTheHost_HasItsChecksum(bool offload) => OwnNamespace.Run(() =>
    {
        using TunDevice tun = Up(offload);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.SendTo(new byte[1001], new IPEndPoint(IPAddress.Parse("10.77.0.2"), 9));

        byte[] packet = ReadUdp(tun);

        Assert.Equal(1029, packet.Length);
        Assert.True(Checksum.IsRight(Checksum.PseudoHeader(packet.AsSpan(12, 8), 17, 1009) + Checksum.Sum(packet.AsSpan(20))));
    });

    [Fact]
    public void Read_DatagramsSentTogether_IsOneSuperPacketOfThem() => OwnNamespace.Run(() =>
    {
        const int udp = 17, udpSegment = 103;
        using TunDevice tun = Up(offload: true);
        using var buffer = new NativeBuffer(TunDevice.MaximumRead);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.SetRawSocketOption(udp, udpSegment, BitConverter.GetBytes(500));
        byte[] payload = new byte[2100];
        new Random(2100).NextBytes(payload);
        socket.SendTo(payload, new IPEndPoint(IPAddress.Parse("10.77.0.2"), 9));

        byte[] both = ReadRaw(tun, buffer);
        List<byte[]> packets = SegmenterTests.Segment(VirtioNetHeader.Read(both), both[VirtioNetHeader.Size..]);

        Assert.True(tun.HasUdpOffload);
        Assert.Equal(VirtioNetHeader.GsoUdpL4, both[1]);
        Assert.Equal([528, 528, 528, 528, 128], packets.Select(packet => packet.Length));
        Assert.Equal(payload, packets.SelectMany(packet => packet[28..]));
        Assert.All(packets, packet =>
            Assert.True(Checksum.IsRight(Checksum.PseudoHeader(packet.AsSpan(12, 8), udp, packet.Length - 20) + Checksum.Sum(packet.AsSpan(20)))));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Write_CoalescedUdp_ArrivesAsTheDatagramsThatWereSent(bool offload) => OwnNamespace.Run(() =>
    {
        using TunDevice tun = Up(offload);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 80));
        socket.ReceiveTimeout = 5000;
        using var buffer = new NativeBuffer(10_000);
        var coalescer = new Coalescer(tun, buffer);
        for (int i = 0; i < 5; i++)
        {
            byte[] packet = new PacketSpec { Udp = true, Payload = [.. Enumerable.Repeat((byte)i, 500)] }.Build();
            Rewrite(packet);
            int offset = VirtioNetHeader.Size + (i * 1000);
            packet.CopyTo(buffer.Slice(offset, packet.Length));
            coalescer.Add(offset, packet.Length);
        }

        Assert.Equal(0, coalescer.Flush());
        for (int i = 0; i < 5; i++)
        {
            byte[] received = new byte[2000];
            Assert.Equal(500, socket.Receive(received));
            Assert.Equal(i, received[0]);
        }
    });

    [Fact]
    public void Write_FromTwoThreads_EveryPacketArrivesWhole() => OwnNamespace.Run(() =>
    {
        const int batches = 200, each = 5, size = 500;
        using TunDevice tun = Up(offload: true);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 80));
        socket.ReceiveTimeout = 5000;
        int written = 0, received = 0;
        Thread[] writers = [.. Enumerable.Range(1, 2).Select(number => new Thread(() =>
        {
            using var buffer = new NativeBuffer(10_000);
            var coalescer = new Coalescer(tun, buffer);
            byte[] packet = new PacketSpec { Udp = true, Port = (ushort)number, Payload = [.. Enumerable.Repeat((byte)number, size)] }.Build();
            Rewrite(packet);
            for (int i = 0; i < batches; i++)
            {
                for (int j = 0; j < each; j++)
                {
                    int offset = VirtioNetHeader.Size + (j * 1000);
                    packet.CopyTo(buffer.Slice(offset, packet.Length));
                    coalescer.Add(offset, packet.Length);
                }

                // No more on the way than the socket has room for.
                SpinWait.SpinUntil(() => Volatile.Read(ref written) - Volatile.Read(ref received) < 50, 5000);
                Assert.Equal(0, coalescer.Flush());
                Interlocked.Add(ref written, each);
            }
        }))];
        Array.ForEach(writers, thread => thread.Start());

        int[] counts = new int[3];
        byte[] bytes = new byte[2000];
        for (int i = 0; i < 2 * batches * each; i++)
        {
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            Assert.Equal(size, socket.ReceiveFrom(bytes, ref from));
            Interlocked.Increment(ref received);
            Assert.False(bytes.AsSpan(0, size).ContainsAnyExcept((byte)((IPEndPoint)from).Port));
            counts[bytes[0]]++;
        }

        Array.ForEach(writers, thread => thread.Join());
        Assert.Equal([0, batches * each, batches * each], counts);
    });

    [Fact]
    public void Write_InterfaceDown_IsRefused() => OwnNamespace.Run(() =>
    {
        using var tun = TunDevice.Open("wgt0", 0, offload: true);
        using var buffer = new NativeBuffer(TunDevice.MaximumRead);
        buffer.Span[VirtioNetHeader.Size] = 0x45;
        var packet = new IoVectors(1);
        packet.Add(buffer, 0, VirtioNetHeader.Size + 20);

        Assert.False(tun.Write(packet));
        Assert.Equal(0, tun.Read(buffer, 0));
    });

    [Fact]
    public void WaitReadable_WokenWhileDown_Returns() => OwnNamespace.Run(() =>
    {
        using var tun = TunDevice.Open("wgt0", 0, offload: true);
        tun.Wake();

        Assert.True(tun.WaitReadable());
    });

    [Fact]
    public void Rest_PacketWaiting_LastsItsTime() => OwnNamespace.Run(() =>
    {
        using TunDevice tun = Up(offload: true);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.SendTo(new byte[8], new IPEndPoint(IPAddress.Parse("10.77.0.2"), 9));
        var time = TimeSpan.FromMilliseconds(50);
        long begin = Stopwatch.GetTimestamp();

        tun.Rest(time);

        Assert.True(Stopwatch.GetElapsedTime(begin) >= time);
        Assert.Equal(36, ReadUdp(tun).Length);
    });

    [Fact]
    public void Rest_Woken_EndsAtOnceAndTheNextWaitToo() => OwnNamespace.Run(() =>
    {
        using var tun = TunDevice.Open("wgt0", 0, offload: true);
        long begin = Stopwatch.GetTimestamp();
        tun.Wake();

        tun.Rest(TimeSpan.FromSeconds(20));

        Assert.True(tun.WaitReadable());
        Assert.True(Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(10));
    });

    [Fact]
    public void WaitReadable_InterfaceDeleted_IsFalseAndReadSaysGone() => OwnNamespace.Run(() =>
    {
        using TunDevice tun = Up(offload: true);
        using var buffer = new NativeBuffer(TunDevice.MaximumRead);
        Task<bool> waiting = Task.Factory.StartNew(
            () =>
            {
                bool isThere = true;
                while (isThere && tun.Read(buffer, 0) >= 0)
                {
                    isThere = tun.WaitReadable();
                }

                return tun.Read(buffer, 0) < 0;
            },
            TaskCreationOptions.LongRunning);
        Ip("link delete wgt0");

        Assert.True(waiting.Wait(TimeSpan.FromSeconds(10)));
        Assert.True(waiting.Result);
    });

    internal static void Ip(string arguments)
    {
        // A child process inherits the namespace of the thread that starts it.
        using Process process = Process.Start(new ProcessStartInfo("ip", arguments) { UseShellExecute = false })!;
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static TunDevice Up(bool offload)
    {
        var tun = TunDevice.Open("wgt0", 0, offload);
        Assert.Equal(offload, tun.HasOffload);
        Ip("address add 10.77.0.1/24 dev wgt0");
        Ip("link set wgt0 up");
        return tun;
    }

    // The test's packets are for 10.0.0.9; the interface is 10.77.0.1, its neighbour 10.77.0.2.
    private static void Rewrite(byte[] packet)
    {
        ((byte[])[10, 77, 0, 2, 10, 77, 0, 1]).CopyTo(packet, 12);
        packet.AsSpan(10, 2).Clear();
        packet.AsSpan(26, 2).Clear();
        Checksum.Write(packet.AsSpan(10), Checksum.Sum(packet.AsSpan(0, 20)));
        Checksum.WriteNonZero(packet.AsSpan(26), Checksum.PseudoHeader(packet.AsSpan(12, 8), 17, packet.Length - 20) + Checksum.Sum(packet.AsSpan(20)));
    }

    private static byte[] ReadUdp(TunDevice tun)
    {
        using var buffer = new NativeBuffer(TunDevice.MaximumRead);
        byte[] both = ReadRaw(tun, buffer);
        return Assert.Single(SegmenterTests.Segment(VirtioNetHeader.Read(both), both[VirtioNetHeader.Size..]));
    }

    // The next UDP packet over IPv4: the host has things of its own to say, too.
    private static byte[] ReadRaw(TunDevice tun, NativeBuffer buffer)
    {
        for (; ; )
        {
            int length = tun.Read(buffer, 0);
            Assert.True(length > 0 || tun.WaitReadable());
            if (length > VirtioNetHeader.Size && buffer.Span[VirtioNetHeader.Size + 9] == 17 && buffer.Span[VirtioNetHeader.Size] == 0x45)
            {
                return buffer.Slice(0, length).ToArray();
            }
        }
    }
}
