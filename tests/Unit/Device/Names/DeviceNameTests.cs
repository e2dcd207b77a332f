using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using WgNet.Device;
using WgNet.Device.Events;
using WgNet.Protocol;
using WgNet.Udp;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device.Names;

/// <summary>A device whose peers have names, and a resolver that does as the test says.</summary>
public sealed class DeviceNameTests
{
    private static readonly IPAddress First = IPAddress.Parse("127.0.0.1"), Second = IPAddress.Parse("127.0.0.2");

    [Fact]
    public void Name_ThatIsResolvedLater_MovesThePeerThereAndBeginsAHandshake()
    {
        using var far = new UdpClient(new IPEndPoint(First, 0));
        far.Client.ReceiveTimeout = (int)Soon.TotalMilliseconds;
        int port = ((IPEndPoint)far.Client.LocalEndPoint!).Port;
        int questions = 0;
        using var near = new End(resolveName: _ => Interlocked.Increment(ref questions) < 3 ? throw new SocketException((int)SocketError.TryAgain) : [First]);
        using EventSubscription events = near.Device.Subscribe()!;
        near.Change(new PeerUpdate(Key(1)) { EndpointHost = $"gw.example:{port}", PersistentKeepalive = 25 });

        IPEndPoint? source = null;
        Assert.Equal(148, far.Receive(ref source).Length);
        PeerSnapshot peer = Assert.Single(near.Device.Snapshot().Peers);
        Assert.Equal((new Endpoint(First, port), $"gw.example:{port}", 2L), (peer.Endpoint, peer.EndpointHost, peer.EndpointHostFailures));
        Assert.Equal("name", Read(events).Single(told => told.Kind == DeviceEventKind.EndpointChanged).Reason);
    }

    /// <summary>Behind one address there is nobody; the other one answers, be it the first or the second.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Name_WithADeadAddress_IsReachedAtTheOther(int alive)
    {
        using var far = new End();
        ushort port = far.Device.Snapshot().ListenPort;

        // On the loopback interface, where nobody has it.
        IPAddress dead = IPAddress.Parse("fe80::dead%1");
        using var near = new End(resolveName: _ => alive == 0 ? [First, dead] : [dead, First], protocol: Fast);
        far.Change(new PeerUpdate(near.PublicKey));
        near.Change(new PeerUpdate(far.PublicKey) { EndpointHost = $"gw.example:{port}", PersistentKeepalive = 1 });

        Assert.True(SpinWait.SpinUntil(() => near.Peer(far).LastHandshakeWallTime > 0, Soon), "no handshake");
        Assert.Equal(new Endpoint(First, port), near.Peer(far).Endpoint);
    }

    [Fact]
    public void Peer_ThatFallsSilent_IsFoundWhereItsNameLeadsNow()
    {
        using var far = new End();
        ushort port = far.Device.Snapshot().ListenPort;
        IPAddress answer = First;
        int questions = 0;
        using var near = new End(
            resolveName: _ =>
            {
                Interlocked.Increment(ref questions);
                return [Volatile.Read(ref answer)];
            },
            protocol: Fast);
        far.Change(new PeerUpdate(near.PublicKey));
        using var nobody = new UdpClient(new IPEndPoint(Second, 0));
        var elsewhere = new Endpoint(Second, ((IPEndPoint)nobody.Client.LocalEndPoint!).Port);

        // As a command configures it that has looked the name up.
        near.Change(new PeerUpdate(far.PublicKey) { Endpoint = elsewhere, EndpointHost = $"gw.example:{port}", PersistentKeepalive = 1 });

        Assert.True(SpinWait.SpinUntil(() => near.Peer(far).LastHandshakeWallTime > 0, Soon), "no handshake");
        Assert.Equal(new Endpoint(First, port), near.Peer(far).Endpoint);
        Assert.Equal(1, Volatile.Read(ref questions));
    }

    [Fact]
    public void Name_ReplacedWhileItIsAsked_AnswersNobody()
    {
        using var held = new ManualResetEventSlim();
        var asked = new ConcurrentQueue<string>();
        using var near = new End(resolveName: host =>
        {
            asked.Enqueue(host);
            _ = host == "old.example" && held.Wait(Soon);
            return [host == "old.example" ? First : Second];
        });
        near.Change(new PeerUpdate(Key(1)) { EndpointHost = "old.example:7" });
        near.Change(new PeerUpdate(Key(2)) { EndpointHost = "old.example:7" });
        near.Change(new PeerUpdate(Key(3)) { EndpointHost = "old.example:7" });
        Assert.True(SpinWait.SpinUntil(() => asked.Count == 3, Soon));

        near.Change(new PeerUpdate(Key(1)) { EndpointHost = "new.example:8" });
        near.Change(new PeerUpdate(Key(2)) { Endpoint = new Endpoint(IPAddress.Parse("192.0.2.9"), 9), EndpointHost = "" });
        near.Change(new PeerUpdate(Key(3)) { Remove = true });
        near.Change(new PeerUpdate(Key(3)));
        Assert.True(SpinWait.SpinUntil(() => EndpointOf(1) is not null, Soon));
        held.Set();
        Thread.Sleep(Shortly);

        Assert.Equal(("127.0.0.2:8", "192.0.2.9:9", null), (EndpointOf(1)?.ToString(), EndpointOf(2)?.ToString(), EndpointOf(3)?.ToString()));

        Endpoint? EndpointOf(byte number) => near.Device.Snapshot().Peers.Single(peer => peer.PublicKey == Key(number)).Endpoint;
    }

    [Fact]
    public void Device_DisposedWhileTheResolverHangs_EndsAtOnceAndIsToldNothing()
    {
        using var held = new ManualResetEventSlim();
        using var asked = new CountdownEvent(2);
        var near = new End(resolveName: _ =>
        {
            asked.Signal();
            held.Wait(Soon);
            return [First];
        });
        near.Change(new PeerUpdate(Key(1)) { EndpointHost = "gw.example:7", PersistentKeepalive = 25 });
        near.Change(new PeerUpdate(Key(2)) { EndpointHost = "gw.example:7", PersistentKeepalive = 25 });
        Assert.True(asked.Wait(Soon));

        long start = Stopwatch.GetTimestamp();
        near.Dispose();
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        held.Set();
        Thread.Sleep(Shortly);
        Assert.All(near.Device.Snapshot().Peers, peer => Assert.Null(peer.Endpoint));
    }

    /// <summary>Four hang: that is all the threads there are, and everything else goes on.</summary>
    [Fact]
    public void Resolver_ThatHangs_HoldsNoMoreThanItsThreads()
    {
        using var held = new ManualResetEventSlim();
        int asking = 0, most = 0, answered = 0;
        using var near = new End(resolveName: _ =>
        {
            int now = Interlocked.Increment(ref asking);
            InterlockedMax(ref most, now);
            held.Wait(Soon);
            Interlocked.Decrement(ref asking);
            Interlocked.Increment(ref answered);
            return [First];
        });
        for (byte i = 1; i <= 20; i++)
        {
            near.Change(new PeerUpdate(Key(i)) { EndpointHost = "gw.example:7" });
        }

        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref asking) == NameResolver.MostThreads, Soon));
        Thread.Sleep(Shortly);
        Assert.All(near.Device.Snapshot().Peers, peer => Assert.Null(peer.Endpoint));
        held.Set();
        Assert.True(SpinWait.SpinUntil(() => near.Device.Snapshot().Peers.TrueForAll(peer => peer.Endpoint is not null), Soon));
        Assert.Equal((NameResolver.MostThreads, 20), (most, answered));
    }

    [Fact]
    public void Questions_ForManyPeersAtOnce_AreAskedOneAfterTheOther()
    {
        var times = new ConcurrentQueue<long>();
        using var near = new End(resolveName: _ =>
        {
            times.Enqueue(Stopwatch.GetTimestamp());
            return [First];
        });
        var update = new DeviceUpdate();
        update.Peers.AddRange(Enumerable.Range(1, 30).Select(i => new PeerUpdate(Key((byte)i)) { EndpointHost = "gw.example:7" }));
        near.Device.Apply(update);

        Assert.True(SpinWait.SpinUntil(() => times.Count == 30, Soon));
        Assert.InRange(Stopwatch.GetElapsedTime(times.Min(), times.Max()).TotalNanoseconds, 28 * NameResolver.Spacing, Soon.TotalNanoseconds);
    }

    [Fact]
    public void Name_SaidAgainWhileItIsResolved_IsAskedOnce()
    {
        using var held = new ManualResetEventSlim();
        int questions = 0;
        using var near = new End(resolveName: _ =>
        {
            Interlocked.Increment(ref questions);
            held.Wait(Soon);
            return [First];
        });
        for (int i = 0; i < 10; i++)
        {
            near.Change(new PeerUpdate(Key(1)) { EndpointHost = "gw.example:7" });
        }

        Thread.Sleep(Shortly);
        held.Set();
        Assert.True(SpinWait.SpinUntil(() => near.Device.Snapshot().Peers[0].Endpoint is not null, Soon));
        Assert.Equal(1, questions);
    }

    [Fact]
    public void Apply_MalformedName_IsRefusedAndNothingChanges()
    {
        using var near = new End();
        Assert.Throws<ConfigurationException>(() => near.Change(new PeerUpdate(Key(1)) { EndpointHost = "gw.example:0" }));
        Assert.Empty(near.Device.Snapshot().Peers);
    }

    // Short enough to give an address up after a second.
    private static ProtocolOptions Fast => new() { RekeyTimeout = TimeSpan.FromMilliseconds(300) };

    private static PublicKey Key(byte number)
    {
        byte[] key = new byte[32];
        key[0] = (byte)(number + 8);
        return new PublicKey(key);
    }

    private static List<DeviceEvent> Read(EventSubscription events)
    {
        var told = new List<DeviceEvent>();
        while (events.TryRead(out DeviceEvent? next))
        {
            told.Add(next);
        }

        return told;
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen = Volatile.Read(ref target);
        while (value > seen && Interlocked.CompareExchange(ref target, value, seen) is int before && before != seen)
        {
            seen = before;
        }
    }
}
