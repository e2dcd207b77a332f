using System.Net;
using System.Net.Sockets;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Metrics;
using WgNet.Unit.Device;
using WgNet.Unit.Fakes;
using Xunit;

namespace WgNet.Unit.Metrics;

/// <summary>What a device counts for those who watch it.</summary>
public sealed class DeviceMetersTests
{
    [Fact]
    public void Measure_AfterPacketsAndDrops_CountsThemForTheirPeer()
    {
        using var pair = new TunnelPair();
        for (int i = 0; i < 5; i++)
        {
            pair.Left.Tun.Send(TunnelPair.Packet("2001:db8::a", "2001:db8::b"));
            _ = pair.Right.Tun.Receive(TunnelPair.Soon);
        }

        // Not the left one's address.
        pair.Left.Tun.Send(TunnelPair.Packet("2001:db8::c", "2001:db8::b"));
        Assert.True(SpinWait.SpinUntil(() => pair.Right.Drops(pair.Left, "not_allowed") == 1, TunnelPair.Soon));

        PeerMeters left = Assert.Single(pair.Left.Device.Measure().Peers), right = Assert.Single(pair.Right.Device.Measure().Peers);
        Assert.Equal(pair.Right.PublicKey, left.PublicKey);
        Assert.Equal((1, 1), (left.Handshakes, right.Handshakes));
        Assert.InRange(left.SentPackets, 7, 9);
        Assert.Equal((left.SentPackets, left.SentBytes), (right.ReceivedPackets, right.ReceivedBytes));
        Assert.InRange(left.ReceivedPackets, 1, 3);
        Assert.NotEqual(0, left.LastHandshakeWallTime);
        int reason = DropCounters.ReasonNames.ToList().IndexOf("not_allowed");
        Assert.Equal((0, 1), (left.Drops[reason], right.Drops[reason]));
    }

    [Fact]
    public void Measure_WithoutHandshake_CountsWhatIsStaged()
    {
        using var end = new TunnelPair.End();
        using var silent = new TunnelPair.End();
        end.Know(silent, peer => peer.AllowedIps.Add(new PrefixUpdate(TunnelPair.Prefix("2001:db8::b"), Remove: false)));
        end.Tun.Send(TunnelPair.Packet("2001:db8::a", "2001:db8::b"));
        end.Tun.Send(TunnelPair.Packet("2001:db8::a", "2001:db8::b"));
        Assert.True(SpinWait.SpinUntil(() => end.Device.Measure().Peers[0].StagedPackets == 2, TunnelPair.Soon));
        Assert.Equal(2 * 48, end.Device.Measure().StagedBytes);
        Assert.Equal(0, end.Device.Measure().Peers[0].Handshakes);
    }

    [Fact]
    public void Workers_OfARunningDevice_AreTimedOneByOne()
    {
        using var pair = new TunnelPair();
        pair.Left.SetWorkers(2);
        pair.Left.Tun.Send(TunnelPair.Packet("2001:db8::a", "2001:db8::b"));
        _ = pair.Right.Tun.Receive(TunnelPair.Soon);

        IReadOnlyList<WorkerMeter> workers = pair.Left.Device.Measure().Workers;
        Assert.Equal([(false, 0), (false, 1), (true, 0), (true, 1)], workers.Select(worker => (worker.IsInbound, worker.Number)));
        Assert.True(SpinWait.SpinUntil(() => pair.Left.Device.Measure().Workers.Any(worker => worker is { IsInbound: false, BusyNanoseconds: > 0 }), TunnelPair.Soon));
    }

    [Fact]
    public void ThreadClock_OfABusyThread_GoesOnAndEndsWithIt()
    {
        ThreadClock clock = default;
        Assert.Equal(0, clock.Nanoseconds);
        using var begun = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            clock = ThreadClock.OfThisThread();
            begun.Set();
            Thread.SpinWait(200_000_000);
        });
        thread.Start();
        begun.Wait(TunnelPair.Soon, TestContext.Current.CancellationToken);
        Assert.True(SpinWait.SpinUntil(() => clock.Nanoseconds > 1_000_000, TunnelPair.Soon));
        thread.Join();
        Assert.True(SpinWait.SpinUntil(() => clock.Nanoseconds == 0, TunnelPair.Soon));
    }

    [Fact]
    public void Reasons_Every_BelongsToTheDeviceOrToPeers()
    {
        int[] listed = [.. DropCounters.DeviceReasons, .. DropCounters.PeerReasons];
        Assert.Equal(
            ["none", "accepted", "learned"],
            Enumerable.Range(0, DropCounters.ReasonNames.Count).Except(listed).Select(reason => DropCounters.ReasonNames[reason]));
    }

    [Fact]
    public void Apply_MetricsListen_IsAllOrNothing()
    {
        var opened = new List<FakeServer>();
        using WireGuardDevice device = NewDevice(opened);
        Assert.True(MetricsAddress.TryParse("/run/a", out MetricsAddress? first));
        Assert.True(MetricsAddress.TryParse("/run/b", out MetricsAddress? second));

        device.Apply(new DeviceUpdate { MetricsListen = first });
        device.Apply(new DeviceUpdate { MetricsListen = first });
        Assert.Single(opened);
        Assert.Equal(first, device.Snapshot().MetricsListen);

        // The port is in use, so that the second place is given up again.
        Assert.Throws<ConfigurationException>(() => device.Apply(new DeviceUpdate { MetricsListen = second, ListenPort = 1 }));
        Assert.Equal([false, true], opened.Select(server => server.IsDisposed));
        Assert.Equal(first, device.Snapshot().MetricsListen);

        // The place is in use, so that nothing else is changed.
        Assert.True(MetricsAddress.TryParse("/taken", out MetricsAddress? taken));
        Assert.Throws<ConfigurationException>(() => device.Apply(new DeviceUpdate { MetricsListen = taken, Workers = 2 }));
        Assert.Equal((first, WorkerCount.Automatic), (device.Snapshot().MetricsListen, device.Snapshot().Workers));

        device.Apply(new DeviceUpdate { MetricsListen = second });
        Assert.Equal([true, true, false], opened.Select(server => server.IsDisposed));
        device.Apply(new DeviceUpdate { MetricsListen = MetricsAddress.Off });
        Assert.True(opened[2].IsDisposed);
        Assert.Null(device.Snapshot().MetricsListen);
    }

    /// <summary>One address and every address have the port in turns, with a client that is connected meanwhile.</summary>
    [Fact]
    public void Apply_MetricsListen_ChangesTheAddressOfItsPort()
    {
        using WireGuardDevice device = NewDevice((address, measured) => MetricsServer.Start(address, "wgt0", "1", measured, Log.None));
        var one = new MetricsAddress(null, new IPEndPoint(IPAddress.Loopback, FreePort()));
        var all = new MetricsAddress(null, new IPEndPoint(IPAddress.IPv6Any, one.EndPoint!.Port));
        device.Apply(new DeviceUpdate { MetricsListen = one });
        for (int i = 0; i < 20; i++)
        {
            using Socket client = Scrape.Connect(one.EndPoint);
            MetricsAddress next = i % 2 == 0 ? all : one;
            device.Apply(new DeviceUpdate { MetricsListen = next });
            Assert.Equal(next, device.Snapshot().MetricsListen);
            Assert.StartsWith("HTTP/1.1 200 ", Scrape.Exchange(Scrape.Connect(one.EndPoint), Scrape.Plain), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Apply_MetricsListenThatCannotChange_ServesWhereItDid()
    {
        using WireGuardDevice device = NewDevice((address, measured) => MetricsServer.Start(address, "wgt0", "1", measured, Log.None));
        var one = new MetricsAddress(null, new IPEndPoint(IPAddress.Loopback, FreePort()));
        var all = new MetricsAddress(null, new IPEndPoint(IPAddress.IPv6Any, one.EndPoint!.Port));
        device.Apply(new DeviceUpdate { MetricsListen = one });

        // Another's, at another address of the same port.
        using (var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            other.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), one.EndPoint.Port));
            other.Listen();
            AssertRefused(new DeviceUpdate { MetricsListen = all, Workers = 2 });
        }

        // It could, but for the outside port.
        AssertRefused(new DeviceUpdate { MetricsListen = all, ListenPort = 1 });

        void AssertRefused(DeviceUpdate update)
        {
            var refused = Assert.Throws<ConfigurationException>(() => device.Apply(update));
            Assert.Equal(Errno.EADDRINUSE, refused.Errno);
            Assert.Equal((one, WorkerCount.Automatic), (device.Snapshot().MetricsListen, device.Snapshot().Workers));
            Assert.StartsWith("HTTP/1.1 200 ", Scrape.Exchange(Scrape.Connect(one.EndPoint), Scrape.Plain), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Apply_MetricsListenWhosePortIsLostMeanwhile_ServesNowhereAndSaysSo()
    {
        var one = new MetricsAddress(null, new IPEndPoint(IPAddress.Loopback, 9));
        int calls = 0;
        var server = new FakeServer();
        using WireGuardDevice device = NewDevice((_, _) => calls++ == 0 ? server : throw new ConfigurationException("taken", Errno.EADDRINUSE));
        device.Apply(new DeviceUpdate { MetricsListen = one });
        var all = new MetricsAddress(null, new IPEndPoint(IPAddress.IPv6Any, 9));
        Assert.Throws<ConfigurationException>(() => device.Apply(new DeviceUpdate { MetricsListen = all }));
        Assert.True(server.IsDisposed);
        Assert.Equal(4, calls);
        Assert.Null(device.Snapshot().MetricsListen);

        // And may be told to again.
        Assert.Throws<ConfigurationException>(() => device.Apply(new DeviceUpdate { MetricsListen = one }));
    }

    // Not one that the kernel gives to other tests' connections while nobody holds it.
    private static int FreePort()
    {
        for (; ; )
        {
            int port = Random.Shared.Next(10_000, 30_000);
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
            }
        }
    }

    private static WireGuardDevice NewDevice(List<FakeServer> opened) => NewDevice((address, _) =>
    {
        if (address.Path == "/taken")
        {
            throw new ConfigurationException("taken", Errno.EADDRINUSE);
        }

        var server = new FakeServer();
        opened.Add(server);
        return server;
    });

    private static WireGuardDevice NewDevice(Func<MetricsAddress, IMeasured, IDisposable> serve)
    {
        var options = new DeviceOptions
        {
            OpenSockets = (port, mark) => port == 1 ? throw new LinuxException("bind", "port 1", Errno.EADDRINUSE) : WgNet.Udp.UdpSockets.Open(port, mark),
            ServeMetrics = serve,
        };
        var device = new WireGuardDevice(options, new MemoryTun(), new SodiumPrimitives(), Log.None);
        device.Start();
        device.LinkChanged(new WgNet.Tun.LinkState(Up: true, Mtu: 1420, []));
        return device;
    }

    private sealed class FakeServer : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
