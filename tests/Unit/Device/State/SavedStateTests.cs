using System.Net;
using System.Text;
using WgNet.Device;
using WgNet.Learning;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Udp;
using WgNet.Unit.Linux;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device.State;

public sealed class SavedStateTests
{
    internal const long Second = 1_000_000_000;
    internal const string HexA = "e84b5a6d2717c1003a13b431570353dbaca9146cf150c5f8575680feba52027a";
    internal const string HexB = "58402e695ba1772b1cc9309755f043251ea77fdcf10fbe63989ceb7e19321376";

    private const string Longest = "w]=efghijklmnop";

    internal const string Lines = $"""
        wgnet_state=1
        saved=1763745600123
        public_key={HexA}
        endpoint=198.51.100.7:51820
        learned=2001:db8::1234 age_ms=52 first_seen_ms=3600000 packets=17
        learned=fe80::1 age_ms=0 first_seen_ms=0 packets=0 pinned
        public_key={HexB}
        endpoint=[2001:db8:ffff::9]:7
        waited_ms=60000

        """;

    private static readonly byte[] Text = WithChecksum(Lines);

    [Fact]
    public void Write_WhatWasRead_IsTheSameText()
    {
        SavedState state = Read(Text);
        Assert.Equal(1763745600123, state.SavedAt);
        Assert.Equal(2, state.Peers.Count);
        SavedPeer first = state.Peers[0], second = state.Peers[1];
        Assert.Equal((HexA, HexB), (Hex(first.PublicKey), Hex(second.PublicKey)));
        Assert.Equal("198.51.100.7:51820", first.Endpoint!.ToString());
        Assert.Equal(
            new LearnedAddress { Address = Address("2001:db8::1234"), AgeNanoseconds = 52_000_000, FirstSeenNanoseconds = 3600 * Second, Packets = 17, IsPinned = false },
            first.Learned[0]);
        Assert.True(first.Learned[1].IsPinned);
        Assert.Equal(60 * Second, second.Waited);
        Assert.Equal(Encoding.ASCII.GetString(Text), Encoding.ASCII.GetString(Write(state)));
    }

    [Fact]
    public void Write_WorstValues_AreReadAgain()
    {
        SavedPeer peer = new(Key(1))
        {
            Endpoint = new Endpoint(IPAddress.Parse("2001:1111:2222:3333:4444:5555:6666:7777"), ushort.MaxValue),
            Waited = long.MaxValue,
            Learned = [Learned(UInt128.MaxValue, long.MaxValue) with { FirstSeenNanoseconds = long.MaxValue, Packets = long.MaxValue, IsPinned = true }, Learned(1, -5) with { Packets = -1 }],
        };
        SavedPeer read = Assert.Single(Read(Write(new SavedState(long.MaxValue, [peer]))).Peers);
        Assert.Equal(peer.Endpoint, read.Endpoint);
        Assert.Equal(UInt128.MaxValue, read.Learned[0].Address);
        Assert.Equal(long.MaxValue, read.Learned[0].Packets);
        Assert.Equal(SavedState.LongestAge * SavedState.Millisecond, read.Learned[0].AgeNanoseconds);
        Assert.Equal((0, 0), (read.Learned[1].AgeNanoseconds, read.Learned[1].Packets));
    }

    [Fact]
    public void Read_EveryTruncation_IsRefused()
    {
        for (int length = 0; length < Text.Length; length++)
        {
            Assert.NotEqual("", Problem(Text[..length]));
        }
    }

    [Fact]
    public void Read_EveryFlippedBit_IsRefused()
    {
        for (int bit = 0; bit < Text.Length * 8; bit++)
        {
            byte[] flipped = [.. Text];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual("", Problem(flipped));
        }
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("#!/bin/sh\n", "it is something else")]
    [InlineData("wgnet_state=2\n", "of another version")]
    [InlineData("wgnet_state=1\n", "it is cut short")]
    public void Read_ForeignText_SaysWhatItIs(string text, string problem) =>
        Assert.Contains(problem, Problem(Encoding.ASCII.GetBytes(text)), StringComparison.Ordinal);

    [Fact]
    public void Read_ChecksumInTheMiddleOfALine_IsRefused() =>
        Assert.Equal("it is cut short", Problem(WithChecksum("wgnet_state=1\nsaved=12")));

    // Somebody edited it and did the checksum, too.
    [Theory]
    [InlineData("saved=1", "saved=1\nsaved=1", 3)]
    [InlineData("saved=1", "saved=-1", 2)]
    [InlineData("saved=1", "saved=99999999999999999999", 2)]
    [InlineData("endpoint=198.51.100.7:51820", "endpoint=host:1", 4)]
    [InlineData("endpoint=198.51.100.7:51820", "endpoint=198.51.100.7:1\nendpoint=198.51.100.7:1", 5)]
    [InlineData("endpoint=198.51.100.7:51820", "endpoint=[fe80::1%no-such]:1\nendpoint=[fe80::1%no-such]:1", 5)]
    [InlineData("endpoint=198.51.100.7:51820", "endpoint=[fe80::1%]:1", 4)]
    [InlineData("endpoint=198.51.100.7:51820", "endpoint=[fe80::1%abcdefghijklmnop]:1", 4)]
    [InlineData("endpoint=198.51.100.7:51820", "endpoint=fe80::1%lo:1", 4)]
    [InlineData("endpoint=198.51.100.7:51820", "endpoint=[198.51.100.7%lo]:1", 4)]
    [InlineData("endpoint=198.51.100.7:51820", "endpoint=[::ffff:198.51.100.7%lo]:1", 4)]
    [InlineData("endpoint=198.51.100.7:51820", "endpoint=]%:1", 4)]
    [InlineData("public_key=" + HexB, "public_key=" + HexA, 7)]
    [InlineData("public_key=" + HexB, "public_key=00", 7)]
    [InlineData("age_ms=52", "age_ms=3155760000001", 5)]
    [InlineData("age_ms=52", "age_ms=", 5)]
    [InlineData("age_ms=52", "age=52", 5)]
    [InlineData("packets=17", "packets=9223372036854775808", 5)]
    [InlineData("packets=17", "packets=17 packets=17", 5)]
    [InlineData(" pinned", " Pinned", 6)]
    [InlineData("2001:db8::1234", "192.0.2.1", 5)]
    [InlineData("2001:db8::1234", "2001:db8::/64", 5)]
    [InlineData("2001:db8::1234", "fe80::1%1", 5)]
    [InlineData("waited_ms=60000", "waited_ms=0060000000000000000000", 9)]
    [InlineData("waited_ms=60000", "more=1", 9)]
    [InlineData("waited_ms=60000", "", 9)]
    [InlineData("wgnet_state=1\nsaved=1763745600123\n", "wgnet_state=1\n\n", 2)]
    [InlineData("wgnet_state=1\n", "wgnet_state=1\nwgnet_state=1\n", 2)]
    [InlineData("wgnet_state=1\nsaved=1763745600123\n", "wgnet_state=1\nendpoint=192.0.2.1:1\nsaved=1763745600123\n", 2)]
    public void Read_BadLine_IsNamed(string line, string bad, int number) =>
        Assert.Equal($"line {number} makes no sense", Problem(WithChecksum(Lines.Replace(line, bad, StringComparison.Ordinal))));

    [Fact]
    public void Read_LongLine_IsNamed() =>
        Assert.Equal("line 3 makes no sense", Problem(WithChecksum("wgnet_state=1\nsaved=1\nendpoint=" + new string('1', 100_000) + "\n")));

    [Fact]
    public void Read_NoTime_IsRefused() =>
        Assert.Equal("it does not say when it was written", Problem(WithChecksum("wgnet_state=1\n")));

    [Theory]
    [InlineData(5, 7, 0)]
    [InlineData(7, 5, 1)]
    public void Read_AddressOfTwoPeers_IsWhoseItWasLast(int firstAge, int secondAge, int owner)
    {
        SavedState state = Read(Write(new SavedState(1,
        [
            new SavedPeer(Key(1)) { Learned = [Learned(9, firstAge * Second), Learned(10, 0)] },
            new SavedPeer(Key(2)) { Learned = [Learned(9, secondAge * Second)] },
        ])));
        Assert.Equal(owner == 0 ? [9, 10] : [10], state.Peers[0].Learned.Select(learned => (int)learned.Address));
        Assert.Equal(owner == 1 ? [9] : [], state.Peers[1].Learned.Select(learned => (int)learned.Address));
    }

    /// <summary>
    /// Each of many addresses passed on from one peer to another: twice the lines that are so many. One look into a peer's addresses for
    /// each of them would take a thousand times as long, and in the order of their going as in the other.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_EveryAddressTwice_CostsAsMuchAsSoManyLines(bool reversed)
    {
        const int Count = 160_000;
        List<LearnedAddress> older = [.. Enumerable.Range(1, Count).Select(i => Learned((UInt128)i, 2 * Second))];
        List<LearnedAddress> younger = [.. older.Select(learned => learned with { AgeNanoseconds = Second })];
        List<LearnedAddress> others = [.. older.Select(learned => learned with { Address = learned.Address + Count })];
        if (reversed)
        {
            younger.Reverse();
        }

        byte[] once = Write(new SavedState(1, [new SavedPeer(Key(1)) { Learned = older }, new SavedPeer(Key(2)) { Learned = others }]));
        byte[] twice = Write(new SavedState(1, [new SavedPeer(Key(1)) { Learned = older }, new SavedPeer(Key(2)) { Learned = younger }]));
        _ = TimeOf(once, [Count, Count]);
        Assert.InRange(TimeOf(twice, [0, Count]), 0, 10 * TimeOf(once, [Count, Count]));

        // Of this thread alone: a busy machine makes it no longer.
        static long TimeOf(byte[] text, int[] counts)
        {
            var clock = ThreadClock.OfThisThread();
            long began = clock.Nanoseconds;
            SavedState state = Read(text);
            long time = clock.Nanoseconds - began;
            Assert.Equal(counts, state.Peers.Select(peer => peer.Learned.Count));
            return time;
        }
    }

    [Fact]
    public void Read_AddressThatPassedOnAndBack_IsWhoseItWasLast()
    {
        SavedState state = Read(Write(new SavedState(1,
        [
            new SavedPeer(Key(1)) { Learned = [Learned(9, 3 * Second), Learned(10, 0)] },
            new SavedPeer(Key(2)) { Learned = [Learned(11, 0), Learned(9, 2 * Second), Learned(12, 0)] },
            new SavedPeer(Key(3)) { Learned = [Learned(9, Second), Learned(9, 0), Learned(11, 5)] },
        ])));
        Assert.Equal([[10], [11, 12], [9]], state.Peers.Select(peer => peer.Learned.Select(learned => (int)learned.Address).ToArray()));
        Assert.Equal(0, state.Peers[2].Learned[0].AgeNanoseconds);
    }

    /// <summary>A reboot numbers interfaces anew: the same number is another's then.</summary>
    [Fact]
    public void Endpoint_OnALink_IsSavedWithTheInterfacesNameAndFoundByIt() => PrivateNetwork.Run(() =>
    {
        int before = PrivateNetwork.AddLink("wgt0");
        byte[] text = Write(new SavedState(1,
        [
            new SavedPeer(Key(1)) { Endpoint = OnLink(before), Waited = Second },
            new SavedPeer(Key(2)) { Endpoint = OnLink(before + 1000) },
            new SavedPeer(Key(3)) { Endpoint = new Endpoint(IPAddress.Parse("fe80::7"), 5) },
        ]));
        Assert.Contains("\nendpoint=[fe80::7%wgt0]:5\n", Encoding.ASCII.GetString(text), StringComparison.Ordinal);

        int now = PrivateNetwork.AddLink("wgt1");
        PrivateNetwork.Ip("link set wgt0 name wgt2");
        PrivateNetwork.Ip("link set wgt1 name wgt0");
        List<SavedPeer> peers = Read(text).Peers;
        Assert.Equal([OnLink(now), null, OnLink(0)], peers.Select(peer => peer.Endpoint));
        Assert.Equal(Second, peers[0].Waited);

        PrivateNetwork.Ip("link delete wgt0");
        Assert.Equal([null, null, OnLink(0)], Read(text).Peers.Select(peer => peer.Endpoint));

        // As written before there were names: whose the number was is not known any more.
        byte[] numbered = WithChecksum($"wgnet_state=1\nsaved=1\npublic_key={HexA}\nendpoint=[fe80::7%{before}]:5\n");
        Assert.Null(Assert.Single(Read(numbered).Peers).Endpoint);

        static Endpoint OnLink(int index) => new(new IPAddress(IPAddress.Parse("fe80::7").GetAddressBytes(), index), 5);
    });

    [Fact]
    public void Endpoint_OnALinkOfTheLongestName_IsReadAgain() => PrivateNetwork.Run(() =>
    {
        int index = PrivateNetwork.AddLink("wgt0");
        PrivateNetwork.Ip($"link set wgt0 name {Longest}");
        var endpoint = new Endpoint(new IPAddress(IPAddress.Parse("fe80:1111:2222:3333:4444:5555:6666:7777").GetAddressBytes(), index), ushort.MaxValue);
        Assert.Equal(endpoint, Assert.Single(Read(Write(new SavedState(1, [new SavedPeer(Key(1)) { Endpoint = endpoint }]))).Peers).Endpoint);
    });

    [Fact]
    public void Write_MoreThanMayBeRead_LeavesOutWholePeersAndIsReadAgain()
    {
        List<LearnedAddress> many = [.. Enumerable.Range(0, SavedState.MaxSize / SavedState.LongestLine / 2).Select(i => Learned((UInt128)i, 0))];
        using var text = new MemoryStream();
        var writer = new SavedStateWriter(text, savedAt: 1);
        writer.Add(new SavedPeer(Key(1)) { Learned = many });
        writer.Add(new SavedPeer(Key(2)) { Learned = [.. many, .. many] });
        writer.Add(new SavedPeer(Key(3)) { Learned = [Learned(UInt128.MaxValue, 0)] });
        writer.Finish();
        Assert.Equal((2, 1), (writer.Peers, writer.LeftOut));
        Assert.True(text.Length <= SavedState.MaxSize);
        Assert.Equal([many.Count, 1], Read(text.ToArray()).Peers.Select(peer => peer.Learned.Count));
    }

    [Theory]
    [InlineData(1_000_000, 1_000_000, 100)]
    [InlineData(1_000_000, 1_060_000, 160)]
    [InlineData(1_000_000, 0, 100)]
    [InlineData(1_000_000, -5_000_000, 100)]
    [InlineData(0, 9_000_000_000_000, SavedState.LongestAge / 1000)]
    public void PeersAt_WallClockThatPassedOrJumped_AddsWhatPassedAndNeverLess(long savedAt, long wallMilliseconds, long expectedSeconds)
    {
        var state = new SavedState(savedAt, [new SavedPeer(Key(1)) { Waited = 7, Learned = [Learned(1, 100 * Second)] }]);
        SavedPeer peer = Assert.Single(state.PeersAt(wallMilliseconds * 1_000_000));
        Assert.Equal(expectedSeconds * Second, peer.Learned[0].AgeNanoseconds);
        Assert.Equal(7, peer.Waited);
    }

    internal static byte[] WithChecksum(string lines)
    {
        byte[] text = Encoding.Latin1.GetBytes(lines);
        Span<byte> checksum = stackalloc byte[Blake2s.HashSize];
        Blake2s.Hash(text, checksum);
        return [.. text, .. Encoding.ASCII.GetBytes($"checksum={Convert.ToHexStringLower(checksum)}\n")];
    }

    internal static byte[] Write(SavedState state)
    {
        using var text = new MemoryStream();
        var writer = new SavedStateWriter(text, state.SavedAt);
        state.Peers.ForEach(writer.Add);
        writer.Finish();
        return text.ToArray();
    }

    internal static LearnedAddress Learned(UInt128 address, long age) =>
        new() { Address = address, AgeNanoseconds = age, FirstSeenNanoseconds = age, Packets = 1, IsPinned = false };

    internal static PublicKey Key(byte first)
    {
        byte[] key = new byte[PublicKey.Size];
        key[0] = first;
        return new PublicKey(key);
    }

    private static SavedState Read(byte[] text)
    {
        Assert.True(SavedStateReader.TryRead(text, out SavedState? state, out string problem), problem);
        return state;
    }

    private static string Problem(byte[] text)
    {
        Assert.Equal(SavedStateReader.TryRead(text, out SavedState? state, out string problem), problem.Length == 0);
        Assert.Equal(state is null, problem.Length > 0);
        return problem;
    }

    private static string Hex(PublicKey key)
    {
        byte[] bytes = new byte[PublicKey.Size];
        key.CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
