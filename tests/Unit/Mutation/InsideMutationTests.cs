using System.Buffers.Binary;
using WgNet.Learning;
using WgNet.Linux;
using WgNet.Routing;
using WgNet.Tun;
using WgNet.Unit.Fakes;
using WgNet.Unit.Learning;
using WgNet.Unit.Routing;
using WgNet.Unit.Tun;
using Xunit;

namespace WgNet.Unit.Mutation;

/// <summary>Mutated inner packets, through every stage that an authenticated peer's packet meets.</summary>
public sealed class InsideMutationTests : LearnerFixture
{
    private static readonly byte[][] Packets =
    [
        PacketBytes.IPv4(64),
        PacketBytes.IPv4(28, protocol: 1),
        PacketBytes.IPv6(64, source: "2001:db8::1001"),
        PacketBytes.IPv6(48, source: "2001:db8::1002", nextHeader: 58),
        // Hop-by-hop options, destination options, a first fragment; authentication, routing.
        Chain([0, 60, 44, 17]),
        Chain([51, 43, 6]),
        new PacketSpec { Payload = new byte[100], Options = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2] }.Build(),
        new PacketSpec { IPv6 = true, Udp = true, Payload = new byte[100] }.Build(),
    ];

    [Fact]
    public void Parse_MutatedPackets_StayInsideTheirBuffer() => MutationRun.Each(100_000, mutator =>
    {
        byte[] mutant = mutator.Bytes(mutator.Pick<byte[]>(Packets));
        if (!IpPacket.TryParse(mutant, out IpPacket header))
        {
            return;
        }

        Assert.InRange(header.TotalLength, header.HeaderLength, mutant.Length);
        byte[] before = mutant.ToArray();
        IpPacket.SetCongestionExperienced(mutant.AsSpan(0, header.TotalLength));
        Assert.Equal(before[12..], mutant[12..]);
        Assert.True(header.Ecn is Ecn.NotEct or Ecn.CongestionExperienced);
    });

    [Fact]
    public void Build_MutatedOffender_IsAnsweredWithAWholeErrorOrNotAtAll()
    {
        int answered = 0;
        byte[] error = new byte[IcmpError.MaxSize];
        MutationRun.Each(100_000, mutator =>
        {
            byte[] mutant = mutator.Bytes(mutator.Pick<byte[]>(Packets));
            IcmpErrorKind kind = mutator.Next(2) == 0 ? IcmpErrorKind.NoRoute : IcmpErrorKind.AddressUnreachable;
            int length = IcmpError.Build(mutant, error.AsSpan(0, mutator.Next(4) == 0 ? mutator.Next(error.Length) : error.Length), kind, 0x0a000001, Address("fd00::1"));
            if (length == 0)
            {
                return;
            }

            answered++;
            Assert.True(IpPacket.TryParse(error.AsSpan(0, length), out IpPacket answer) & IpPacket.TryParse(mutant, out IpPacket offender));
            Assert.Equal(length, answer.TotalLength);
            Assert.True(answer.IsIPv4 ? answer.IPv4Destination == offender.IPv4Source : answer.IPv6Destination == offender.IPv6Source);

            // An answer to the answer would be the beginning of a loop.
            Assert.Equal(0, IcmpError.Build(answer.Bytes, new byte[IcmpError.MaxSize], kind, 0x0a000002, Address("fd00::2")));
        });

        Assert.True(answered > 1000, $"{answered} answered");
    }

    [Fact]
    public void CheckSource_MutatedPackets_TakeNothingFromTheOtherPeer()
    {
        UInt128 other = Address("2001:db8::1001"), fixedOther = Address("2001:db8:ffff::1");
        Allow("2001:db8:ffff::/64", "q");
        Assert.Equal(SourceVerdict.Learned, Receive(Q, other));
        var seen = new int[(int)SourceVerdict.Count];
        MutationRun.Each(100_000, mutator =>
        {
            byte[] packet = mutator.Pick<byte[]>(Packets).ToArray();
            // Near the prefixes, where the rules differ from address to address.
            BinaryPrimitives.WriteUInt128BigEndian(packet.AsSpan(8), mutator.Next(2) == 0 ? other : fixedOther);
            if (!IpPacket.TryParse(mutator.Bytes(packet), out IpPacket header) || header.IsIPv4)
            {
                return;
            }

            Now += Second;
            SourceVerdict verdict = Receive(P, header.IPv6Source);
            seen[(int)verdict]++;
            Assert.Equal(verdict is SourceVerdict.Accepted or SourceVerdict.Learned, Learned(P).Contains(header.IPv6Source));
            Assert.InRange(Learned(P).Count(), 0, P.LearnLimit);
            Assert.Equal(SourceVerdict.Accepted, Receive(Q, other));
        });

        Assert.True(seen[(int)SourceVerdict.Learned] > 100 && seen[(int)SourceVerdict.Conflict] > 100 && seen[(int)SourceVerdict.NotAllowed] > 100);
    }

    [Fact]
    public void Coalesce_MutatedPackets_AllComeOutAgain()
    {
        using var tun = new MemoryTun(hasOffload: true);
        using var buffer = new NativeBuffer(1 << 16);
        int packets = 0, writes = 0;
        MutationRun.Each(20_000, mutator =>
        {
            var coalescer = new Coalescer(tun, buffer);
            List<byte[]> sent = [];
            int offset = 0;
            foreach (byte[] packet in Flow(mutator))
            {
                byte[] mutant = mutator.Next(3) == 0 ? mutator.Bytes(packet) : packet;
                offset += VirtioNetHeader.Size;
                mutant.CopyTo(buffer.Slice(offset, mutant.Length));
                if (IpPacket.TryParse(mutant, out IpPacket header))
                {
                    sent.Add(mutant[..header.TotalLength]);
                    coalescer.Add(offset, header.TotalLength);
                }

                offset += mutant.Length;
            }

            Assert.Equal(0, coalescer.Flush());
            List<byte[]> received = [];
            while (tun.TakeWritten(TimeSpan.Zero) is { } written)
            {
                writes++;
                received.AddRange(SegmenterTests.Segment(VirtioNetHeader.Read(written), written[VirtioNetHeader.Size..]));
            }

            packets += sent.Count;
            Assert.Equal(Sorted(sent), Sorted(received));
        });

        // That anything was merged at all.
        Assert.InRange(writes, packets / 10, packets * 9 / 10);
    }

    // Eight packets of one flow, which belong together but for what a mutation does to them.
    private static IEnumerable<byte[]> Flow(Mutator mutator)
    {
        PacketSpec spec = new() { IPv6 = mutator.Next(2) == 0, Udp = mutator.Next(3) == 0, Payload = new byte[1 + mutator.Next(200)] };
        for (int i = 0; i < 8; i++)
        {
            yield return (spec with { Sequence = 1 + (uint)(i * spec.Payload.Length), Identification = (ushort)i }).Build();
        }
    }

    // The identification of an atomic packet means nothing and may change (RFC 6864), and with it the checksum.
    private static string[] Sorted(IEnumerable<byte[]> packets) => [.. packets.Select(packet =>
    {
        byte[] shown = packet.ToArray();
        if (shown[0] >> 4 == 4 && (shown[6] & 0x40) != 0)
        {
            (shown[4], shown[5], shown[10], shown[11]) = (0, 0, 0, 0);
        }

        return Convert.ToHexString(shown);
    }).Order(StringComparer.Ordinal)];

    // IPv6 with these extension headers of 8 bytes each (12 for authentication), the last number being the upper layer's.
    private static byte[] Chain(byte[] headers)
    {
        byte[] packet = PacketBytes.IPv6((headers.Length * 8) + 40, source: "2001:db8::1003", nextHeader: headers[0]);
        int offset = IpPacket.IPv6HeaderSize;
        for (int i = 0; i < headers.Length - 1; i++)
        {
            packet[offset] = headers[i + 1];
            packet[offset + 1] = headers[i] == 51 ? (byte)1 : (byte)0;
            offset += headers[i] == 51 ? 12 : 8;
        }

        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(offset + 4), 8);
        return packet;
    }
}
