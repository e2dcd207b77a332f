using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using WgNet.Device;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Tun;
using WgNet.Udp;
using WgNet.Unit.Device;
using WgNet.Unit.Protocol;
using WgNet.Unit.Routing;
using WgNet.Unit.Tun;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Mutation;

/// <summary>
/// A whole device under mutated input from everywhere: nothing it was configured with is lost, each packet is delivered or counted
/// with a reason, memory stays bounded, and an honest peer's traffic passes. Alone, since memory is the process's.
/// </summary>
[Collection(nameof(Alone))]
public sealed class DeviceMutationTests : IDisposable
{
    private const int Burst = 32;
    private const long MemoryBound = 16 << 20;

    private static readonly PublicKey AbsentKey = new(Enumerable.Range(1, 32).Select(i => (byte)i).ToArray());

    private readonly TunnelPair _tunnel = new();
    private readonly HostilePeer _hostile;
    private readonly byte[][] _datagrams;
    private long _delivered;
    private ulong _marker;

    public DeviceMutationTests()
    {
        _hostile = new HostilePeer(_tunnel.Right);
        var hostile = new PeerUpdate(_hostile.PublicKey) { Endpoint = _hostile.Endpoint, PersistentKeepalive = 0, LearnLimit = 4 };
        hostile.AllowedIps.Add(new PrefixUpdate(Prefix("2001:db8:c::/64"), Remove: false));
        hostile.AllowedIps.Add(new PrefixUpdate(Prefix("192.0.2.0/24"), Remove: false));
        hostile.LearnableIps.Add(new PrefixUpdate(Prefix("2001:db8:d::/64"), Remove: false));
        _tunnel.Right.Change(hostile);

        // Port 9 of loopback discards, or refuses: no handshake with this peer ever completes.
        var absent = new PeerUpdate(AbsentKey) { Endpoint = new Endpoint(IPAddress.Loopback, 9) };
        absent.AllowedIps.Add(new PrefixUpdate(Prefix("fd00::/16"), Remove: false));
        absent.AllowedIps.Add(new PrefixUpdate(Prefix("10.0.0.0/8"), Remove: false));
        _tunnel.Right.Change(absent);

        AssertHonestTrafficPasses();
        _hostile.Connect();
        Synchronize();
        _datagrams = RealDatagrams();
    }

    [Fact]
    public void Inbound_MutatedDatagramsAndPackets_AreDeliveredOrCounted()
    {
        string configuration = Configuration();
        long memory = GC.GetTotalMemory(forceFullCollection: true);
        int inputs = 0;

        MutationRun.Each(60_000, mutator =>
        {
            byte ecn = (byte)mutator.Next(4);
            if (mutator.Next(2) == 0)
            {
                _hostile.QueueSealed(mutator.Bytes(mutator.Pick<byte[]>(InnerPackets)), ecn);
            }
            else
            {
                _hostile.Queue(MutatedDatagram(ref mutator), ecn);
            }

            if (++inputs % Burst == 0)
            {
                Synchronize();
                _hostile.Connect();
            }
        });

        AssertAllAccountedFor();
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - memory, long.MinValue, MemoryBound);
        Assert.Equal(configuration, Configuration());
        AssertHonestTrafficPasses();
        string[] missing = [.. ExpectedReasons.Where(reason => Drops(reason) == 0)];
        Assert.Empty(missing);
    }

    [Fact]
    public void Outbound_MutatedSuperPackets_AreStagedOrCounted()
    {
        byte[][] superPackets = OffloadMutationTests.SuperPackets;
        string configuration = Configuration();
        long memory = GC.GetTotalMemory(forceFullCollection: true);
        int inputs = 0;
        long malformed = 0, noRoute = 0, staged = 0;

        MutationRun.Each(30_000, mutator =>
        {
            byte[] original = mutator.Pick<byte[]>(superPackets);
            byte[] mutant = mutator.Bytes(original, uncovered: mutator.Next(2) == 0 ? 0 : original.Length - 90);
            int segments = Segments(mutant, out bool isAbsents);
            malformed += segments == 0 && mutant.Length > 0 ? 1 : 0;
            staged += isAbsents ? segments : 0;
            noRoute += isAbsents ? 0 : segments;
            _tunnel.Right.Tun.SendRaw(mutant);
            if (++inputs % Burst == 0)
            {
                AssertTaken();
            }
        });

        AssertTaken();
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - memory, long.MinValue, MemoryBound);
        Assert.Equal(configuration, Configuration());
        AssertHonestTrafficPasses();

        // Of what was for the absent peer, all but what still waits is counted.
        void AssertTaken() => AssertEventually(
            () => Drops("malformed_inside") == malformed && Drops("no_route") == noRoute
                && staged - Drops("staged_overflow") is >= 0 and <= StagedPackets.Capacity,
            () => $"{malformed} malformed, {noRoute} without route, {staged} staged; counted "
                + $"{Drops("malformed_inside")}, {Drops("no_route")}, {Drops("staged_overflow")}");
    }

    [Fact]
    public void Inbound_FloodOfInitiations_IsCountedToTheLast()
    {
        // More at once than make the device feel under load, and more in all than its queue holds.
        const int atOnce = 2 * HandshakeQueue.UnderLoadAt;
        byte[] initiation = _hostile.Initiation.ToArray();
        for (int i = 1; i <= 16 * atOnce; i++)
        {
            initiation[8 + (i % 108)] ^= (byte)i;
            _hostile.FixMac1(initiation);
            _hostile.Queue(initiation);
            if (i % atOnce == 0)
            {
                Synchronize();
            }
        }

        AssertAllAccountedFor();
        Assert.NotEqual(0, Drops("under_load"));
    }

    public void Dispose()
    {
        _hostile.Dispose();
        _tunnel.Dispose();
    }

    private static string[] ExpectedReasons =>
        ["malformed", "unknown_index", "bad_mac1", "bad_handshake", "bad_tag", "malformed_inside", "not_allowed", "learn_rate_limited"];

    private static byte[][] InnerPackets { get; } =
    [
        PacketBytes.IPv6(64, source: "2001:db8:c::2"),
        PacketBytes.IPv6(48, source: "2001:db8:d::1", nextHeader: 58),
        PacketBytes.IPv4(64, source: "192.0.2.7"),
        new PacketSpec { Payload = new byte[1300] }.Build(),
        new PacketSpec { IPv6 = true, Udp = true, Payload = new byte[200] }.Build(),
    ];

    // One of each type: addressed to the device where the peer could make it, else from a handshake between two others.
    private byte[][] RealDatagrams()
    {
        (Side a, Side b) = Side.Pair();
        b.Consume(a.Initiate(0)!, 0);
        byte[] response = b.Reply;
        b.Consume(a.Initiate(6_000_000_000)!, 6_000_000_000, underLoad: true);
        return [_hostile.Initiation, response, b.Reply, _hostile.Seal(new byte[48]), _hostile.Seal(new byte[1400]), _hostile.Seal([])];
    }

    private byte[] MutatedDatagram(ref Mutator mutator)
    {
        byte[] mutant = mutator.Bytes(mutator.Pick<byte[]>(_datagrams));
        if (mutator.Next(2) == 0)
        {
            _hostile.FixMac1(mutant);
        }

        return mutant;
    }

    // Everything sent before has been taken by the device when this packet comes out.
    private void Synchronize()
    {
        byte[] marker = Packet("2001:db8:c::1", "2001:db8::b");
        BinaryPrimitives.WriteUInt64BigEndian(marker.AsSpan(40), ++_marker);
        _hostile.QueueSealed(marker);
        _hostile.Flush();
        AssertArrives(marker);
    }

    // Handshake messages are counted on another thread, a little later.
    private void AssertAllAccountedFor()
    {
        Synchronize();
        AssertEventually(
            () =>
            {
                Drain();
                return _hostile.Sent == _hostile.Consumed + _delivered + Drops();
            },
            () => $"{_hostile.Sent} sent, {_hostile.Consumed} consumed, {_delivered} delivered, {Drops()} dropped");
    }

    private void AssertHonestTrafficPasses()
    {
        byte[] there = Packet("2001:db8::a", "2001:db8::b"), back = Packet("2001:db8::b", "2001:db8::a");
        _tunnel.Left.Tun.Send(there);
        AssertArrives(there);
        _delivered--;
        _tunnel.Right.Tun.Send(back);
        Assert.Equal(back, _tunnel.Left.Tun.Receive(Soon));
    }

    // At the right end, among what the hostile peer sends.
    private void AssertArrives(byte[] packet)
    {
        byte[]? written;
        do
        {
            written = _tunnel.Right.Tun.TakeWritten(Soon);
            Assert.NotNull(written);
            CountDelivered(written);
        }
        while (!written.AsSpan(VirtioNetHeader.Size).SequenceEqual(packet));
    }

    private void Drain()
    {
        while (_tunnel.Right.Tun.TakeWritten(TimeSpan.Zero) is { } written)
        {
            CountDelivered(written);
        }
    }

    private void CountDelivered(byte[] written) =>
        _delivered += SegmenterTests.Segment(VirtioNetHeader.Read(written), written[VirtioNetHeader.Size..]).Count;

    private static int Segments(byte[] headerAndPacket, out bool isAbsents)
    {
        isAbsents = false;
        var segmenter = default(Segmenter);
        if (!segmenter.Begin(headerAndPacket) || !IpPacket.TryParse(segmenter.Packet, out IpPacket header))
        {
            return 0;
        }

        isAbsents = header.IsIPv4 ? header.IPv4Destination >> 24 == 10 : header.IPv6Destination >> 112 == 0xfd00;
        return segmenter.SegmentCount;
    }

    // As a user sees them.
    private long Drops(string? reason = null)
    {
        DeviceSnapshot device = _tunnel.Right.Device.Snapshot();
        return device.Drops.Concat(device.Peers.SelectMany(peer => peer.Drops))
            .Where(drop => reason is null || drop.Reason == reason).Sum(drop => drop.Count);
    }

    private string Configuration()
    {
        DeviceSnapshot device = _tunnel.Right.Device.Snapshot();
        return string.Join('\n', device.Peers.Select(peer => string.Create(CultureInfo.InvariantCulture,
            $"{peer.PublicKey} {peer.Endpoint} {peer.PersistentKeepalive} {peer.LearnLimit} {peer.LearnTimeoutSeconds} {string.Join(',', peer.AllowedIps)} {string.Join(',', peer.LearnableIps)}"))
            .Prepend(string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexString(device.PrivateKey!)} {device.ListenPort} {device.FirewallMark}")));
    }

    private static void AssertEventually(Func<bool> condition, Func<string> state)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Soon, state());
            Thread.Yield();
        }
    }
}

/// <summary>Tests that measure the whole process: nothing else runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
