using System.Buffers.Binary;
using WgNet.Linux;
using WgNet.Tun;
using WgNet.Unit.Fakes;
using Xunit;

namespace WgNet.Unit.Tun;

/// <summary>Each rule of the kernel's GRO by a pair of packets that would be merged but for that rule.</summary>
public sealed class MergeRulesTests : IDisposable
{
    private const byte Fin = 0x01, Syn = 0x02, Rst = 0x04, Psh = 0x08, Ack = 0x10, Urg = 0x20, Ece = 0x40, Cwr = 0x80;

    private static readonly PacketSpec Tcp4 = new() { Payload = Bytes(100), Options = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2] };
    private static readonly PacketSpec Tcp6 = Tcp4 with { IPv6 = true };
    private static readonly PacketSpec Udp4 = new() { Udp = true, Payload = Bytes(100) };
    private static readonly PacketSpec Udp6 = Udp4 with { IPv6 = true };

    // What is changed in the second packet that would otherwise follow.
    private static readonly Dictionary<string, (PacketSpec[] Where, Func<PacketSpec, PacketSpec> Change)> Differences = new(StringComparer.Ordinal)
    {
        ["sequence gap"] = ([Tcp4, Tcp6], spec => spec with { Sequence = spec.Sequence + 1 }),
        ["sequence overlap"] = ([Tcp4, Tcp6], spec => spec with { Sequence = spec.Sequence - 1 }),
        ["acknowledgement"] = ([Tcp4, Tcp6], spec => spec with { Acknowledgement = 78 }),
        ["window"] = ([Tcp4, Tcp6], spec => spec with { Window = 501 }),
        ["urgent pointer"] = ([Tcp4, Tcp6], spec => spec with { UrgentPointer = 1 }),
        ["option value"] = ([Tcp4, Tcp6], spec => spec with { Options = [1, 1, 8, 10, 0, 0, 0, 2, 0, 0, 0, 2] }),
        ["option length"] = ([Tcp4, Tcp6], spec => spec with { Options = spec.Options[..8] }),
        ["flag SYN"] = ([Tcp4, Tcp6], spec => spec with { Flags = Ack | Syn }),
        ["flag RST"] = ([Tcp4, Tcp6], spec => spec with { Flags = Ack | Rst }),
        ["flag URG"] = ([Tcp4, Tcp6], spec => spec with { Flags = Ack | Urg }),
        ["flag ECE"] = ([Tcp4, Tcp6], spec => spec with { Flags = Ack | Ece }),
        ["flag CWR"] = ([Tcp4, Tcp6], spec => spec with { Flags = Ack | Cwr }),
        ["no ACK"] = ([Tcp4, Tcp6], spec => spec with { Flags = 0 }),
        ["longer"] = ([Tcp4, Tcp6, Udp4, Udp6], spec => spec with { Payload = Bytes(101) }),
        ["empty"] = ([Tcp4, Tcp6, Udp4, Udp6], spec => spec with { Payload = [] }),
        ["ECN"] = ([Tcp4, Tcp6, Udp4, Udp6], spec => spec with { TrafficClass = 3 }),
        ["traffic class"] = ([Tcp4, Tcp6, Udp4, Udp6], spec => spec with { TrafficClass = 0x20 }),
        ["hop limit"] = ([Tcp4, Tcp6, Udp4, Udp6], spec => spec with { HopLimit = 63 }),
        ["flow label"] = ([Tcp6, Udp6], spec => spec with { FlowLabel = 0x10000 }),
        ["flag DF"] = ([Tcp4, Udp4], spec => spec with { DontFragment = false }),
        ["port"] = ([Tcp4, Tcp6, Udp4, Udp6], spec => spec with { Port = 1001 }),
        ["address"] = ([Tcp4, Tcp6, Udp4, Udp6], spec => spec with { Host = 2 }),
        ["IP version"] = ([Tcp4, Tcp6, Udp4, Udp6], spec => spec with { IPv6 = !spec.IPv6 }),
    };

    // What is changed in the bytes of both, or of the one that is named.
    private static readonly Dictionary<string, (PacketSpec[] Where, Action<byte[], byte[]> Change)> Bytewise = new(StringComparer.Ordinal)
    {
        ["transport checksum of the second"] = ([Tcp4, Tcp6, Udp4, Udp6], (_, second) => second[^1] ^= 1),
        ["transport checksum of the first"] = ([Tcp4, Tcp6, Udp4, Udp6], (first, _) => first[^1] ^= 1),
        ["IP checksum of the second"] = ([Tcp4, Udp4], (_, second) => second[10] ^= 1),
        ["IP checksum of the first"] = ([Tcp4, Udp4], (first, _) => first[10] ^= 1),
        ["no UDP checksum"] = ([Udp4, Udp6], (first, second) => Array.ForEach([first, second], packet => packet.AsSpan(packet.Length - 102, 2).Clear())),
        ["UDP length"] = ([Udp4, Udp6], (_, second) => second[^103]--),
        ["reserved IPv4 bit"] = ([Tcp4, Udp4], (first, second) => Array.ForEach([first, second], packet => SetFragmentField(packet, 0x8000))),
        ["more fragments"] = ([Tcp4, Udp4], (first, second) => Array.ForEach([first, second], packet => SetFragmentField(packet, 0x2000))),
        ["fragment offset"] = ([Tcp4, Udp4], (first, second) => Array.ForEach([first, second], packet => SetFragmentField(packet, 1))),
    };

    private readonly MemoryTun _tun = new(hasOffload: true);
    private readonly NativeBuffer _buffer = new(1 << 20);

    public static TheoryData<string> DifferenceNames() => [.. Differences.Keys];

    public static TheoryData<string> BytewiseNames() => [.. Bytewise.Keys];

    public void Dispose()
    {
        _buffer.Dispose();
        _tun.Dispose();
    }

    [Fact]
    public void Merge_NothingDiffers_Happens()
    {
        foreach (PacketSpec first in (PacketSpec[])[Tcp4, Tcp6, Udp4, Udp6])
        {
            AssertMerged(first.Build(), After(first).Build());
        }
    }

    [Theory]
    [MemberData(nameof(DifferenceNames))]
    public void Merge_HeadersDiffer_LeavesBothAsTheyCame(string what)
    {
        (PacketSpec[] where, Func<PacketSpec, PacketSpec> change) = Differences[what];
        foreach (PacketSpec first in where)
        {
            AssertNotMerged(first.Build(), change(After(first)).Build());
        }
    }

    [Theory]
    [MemberData(nameof(BytewiseNames))]
    public void Merge_PacketIsNotWhole_LeavesBothAsTheyCame(string what)
    {
        (PacketSpec[] where, Action<byte[], byte[]> change) = Bytewise[what];
        foreach (PacketSpec spec in where)
        {
            byte[] first = spec.Build(), second = After(spec).Build();
            change(first, second);
            AssertNotMerged(first, second);
        }
    }

    [Theory]
    [InlineData(Syn)]
    [InlineData(Rst)]
    [InlineData(Psh)]
    [InlineData(Fin)]
    [InlineData(Urg)]
    [InlineData(Cwr)]
    public void Merge_BothHaveFlag_LeavesBothAsTheyCame(byte flag)
    {
        PacketSpec first = Tcp4 with { Flags = (byte)(Ack | flag) };

        AssertNotMerged(first.Build(), After(first).Build());
    }

    [Fact]
    public void Merge_BothHaveEce_Happens()
    {
        PacketSpec first = Tcp4 with { Flags = Ack | Ece };

        AssertMerged(first.Build(), After(first).Build());
    }

    [Theory]
    [InlineData(Psh)]
    [InlineData(Fin)]
    [InlineData(Psh | Fin)]
    public void Merge_LastFlag_TakesThePacketAndNoneAfterIt(byte flags)
    {
        PacketSpec second = After(Tcp4) with { Flags = (byte)(Ack | flags) }, third = After(second) with { Flags = Ack };

        byte[][] packets = [Tcp4.Build(), second.Build(), third.Build()];
        List<byte[]> written = Coalesce(packets);

        Assert.Equal(2, written.Count);
        Assert.Equal(third.Build(), written[1][VirtioNetHeader.Size..]);
        Assert.Equal(packets, Coalescing.Uncoalesce(written));
    }

    [Fact]
    public void Merge_ShorterPacket_IsTakenAndNoneAfterIt()
    {
        foreach (PacketSpec first in (PacketSpec[])[Tcp4, Tcp6, Udp4, Udp6])
        {
            PacketSpec second = After(first) with { Payload = Bytes(99) }, third = After(second);
            byte[][] packets = [first.Build(), second.Build(), third.Build()];
            List<byte[]> written = Coalesce(packets);

            Assert.Equal(2, written.Count);
            Assert.Equal(packets, Coalescing.Uncoalesce(written));
        }
    }

    [Fact]
    public void Merge_IdentificationsThatDoNotCount_AreMergedOnlyWithDontFragment()
    {
        foreach (PacketSpec first in (PacketSpec[])[Tcp4, Udp4])
        {
            PacketSpec second = After(first) with { Identification = first.Identification };
            Assert.Single(Coalesce([first.Build(), second.Build()]));
            AssertNotMerged((first with { DontFragment = false }).Build(), (second with { DontFragment = false }).Build());
            AssertMerged((first with { DontFragment = false }).Build(), (After(first) with { DontFragment = false }).Build());
        }
    }

    [Fact]
    public void Merge_IdentificationsAroundZero_Count()
    {
        PacketSpec first = Udp4 with { DontFragment = false, Identification = 0xffff };

        AssertMerged(first.Build(), (first with { Identification = 0 }).Build());
    }

    [Fact]
    public void Merge_SequenceAroundZero_Counts()
    {
        PacketSpec first = Tcp4 with { Sequence = uint.MaxValue - 49 };

        AssertMerged(first.Build(), (After(first) with { Sequence = 50 }).Build());
    }

    [Fact]
    public void Merge_IPv4Options_LeavesBothAsTheyCame()
    {
        AssertNotMerged(WithOptions(Udp4.Build()), WithOptions(After(Udp4).Build()));

        static byte[] WithOptions(byte[] plain)
        {
            byte[] packet = [0x46, .. plain[1..20], 1, 1, 1, 0, .. plain[20..]];
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
            packet.AsSpan(10, 2).Clear();
            Checksum.Write(packet.AsSpan(10), Checksum.Sum(packet.AsSpan(0, 24)));
            return packet;
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    [InlineData(44)]
    public void Merge_IPv6ExtensionHeader_LeavesBothAsTheyCame(byte kind)
    {
        AssertNotMerged(WithExtension(Udp6.Build()), WithExtension(After(Udp6).Build()));

        byte[] WithExtension(byte[] plain)
        {
            byte[] packet = [.. plain[..40], 17, 0, 1, 4, 0, 0, 0, 0, .. plain[40..]];
            packet[6] = kind;
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)(packet.Length - 40));
            return packet;
        }
    }

    [Fact]
    public void Merge_BytesBehindThePacket_LeavesBothAsTheyCame()
    {
        foreach (PacketSpec first in (PacketSpec[])[Tcp4, Tcp6, Udp4, Udp6])
        {
            AssertNotMerged([.. first.Build(), 0], [.. After(first).Build(), 0]);
            AssertNotMerged(first.Build(), [.. (After(first) with { Payload = Bytes(99) }).Build(), 0]);
        }
    }

    [Fact]
    public void Merge_SmallDatagrams_AreAtMost64()
    {
        byte[] packet = (Udp6 with { Payload = [1, 2] }).Build();

        Assert.Equal([64, 64, 2], Coalesce([.. Enumerable.Repeat(packet, 130)]).Select(written => (written.Length - 58) / 2));
    }

    private static PacketSpec After(PacketSpec spec) =>
        spec with { Sequence = spec.Sequence + (uint)spec.Payload.Length, Identification = (ushort)(spec.Identification + 1) };

    private static void SetFragmentField(byte[] packet, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), value);
        packet.AsSpan(10, 2).Clear();
        Checksum.Write(packet.AsSpan(10), Checksum.Sum(packet.AsSpan(0, 20)));
    }

    private void AssertMerged(byte[] first, byte[] second)
    {
        List<byte[]> written = Coalesce([first, second]);
        Assert.Single(written);
        Assert.Equal([first, second], Coalescing.Uncoalesce(written));
    }

    private void AssertNotMerged(byte[] first, byte[] second) =>
        Assert.Equal([[.. new byte[VirtioNetHeader.Size], .. first], [.. new byte[VirtioNetHeader.Size], .. second]], Coalesce([first, second]));

    private List<byte[]> Coalesce(byte[][] packets) => Coalescing.Coalesce(_tun, _buffer, packets);

    private static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
