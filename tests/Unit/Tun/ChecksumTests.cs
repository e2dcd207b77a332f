using WgNet.Tun;
using Xunit;

namespace WgNet.Unit.Tun;

/// <summary>The vectors against RFC 1071 as it is written, at every length around their sizes and every alignment.</summary>
public sealed class ChecksumTests
{
    private const int Longest = 700;
    private const int Alignments = 33;
    private const byte Untouched = 0x5a;

    // All ones carry most; a single one must not get lost.
    public static TheoryData<string> Contents() => ["random", "ones", "zeros", "one"];

    [Theory]
    [MemberData(nameof(Contents))]
    public void Sum_EachLengthAndAlignment_IsThatOfTheRfc(string content)
    {
        byte[] bytes = Make(content);
        for (int start = 0; start < Alignments; start++)
        {
            for (int length = 0; length <= Longest; length++)
            {
                ReadOnlySpan<byte> data = bytes.AsSpan(start, length);
                AssertSame(data, Checksum.Sum(data));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Contents))]
    public void CopyAndSum_EachLengthAndAlignment_CopiesThatAndNoMore(string content)
    {
        byte[] bytes = Make(content), copy = new byte[bytes.Length];
        for (int start = 0; start < Alignments; start++)
        {
            for (int length = 0; length <= Longest; length++)
            {
                ReadOnlySpan<byte> data = bytes.AsSpan(start, length);
                int place = Alignments - start;
                Array.Fill(copy, Untouched);

                AssertSame(data, Checksum.CopyAndSum(data, copy.AsSpan(place)));

                Assert.True(data.SequenceEqual(copy.AsSpan(place, length)));
                Assert.False(copy.AsSpan(0, place).ContainsAnyExcept(Untouched) || copy.AsSpan(place + length).ContainsAnyExcept(Untouched));
            }
        }
    }

    [Fact]
    public void CopyAndSum_OntoItself_ChangesNothing()
    {
        byte[] bytes = Make("random");
        byte[] before = [.. bytes];

        AssertSame(before, Checksum.CopyAndSum(bytes, bytes));

        Assert.Equal(before, bytes);
    }

    [Fact]
    public void Sum_LongestPacketOfOnes_DoesNotOverflow()
    {
        byte[] bytes = new byte[65_535];
        Array.Fill(bytes, byte.MaxValue);

        AssertSame(bytes, Checksum.Sum(bytes));
    }

    // RFC 1071 section 4.1, in network byte order. The folded sum is in the host's.
    private static void AssertSame(ReadOnlySpan<byte> data, ulong sum)
    {
        uint expected = 0;
        for (int i = 0; i + 1 < data.Length; i += 2)
        {
            expected += (uint)((data[i] << 8) | data[i + 1]);
        }

        expected += data.Length % 2 == 1 ? (uint)data[^1] << 8 : 0;
        while (expected >> 16 != 0)
        {
            expected = (expected & 0xffff) + (expected >> 16);
        }

        ulong actual = Checksum.BigEndian(Checksum.Fold(sum));
        Assert.True(expected == actual, $"{data.Length} bytes: {actual:x4} instead of {expected:x4}");
    }

    private static byte[] Make(string content)
    {
        byte[] bytes = new byte[Longest + (2 * Alignments)];
        switch (content)
        {
            case "random": new Random(1071).NextBytes(bytes); break;
            case "ones": Array.Fill(bytes, byte.MaxValue); break;
            case "one": bytes[Longest / 2] = 1; break;
            default: break;
        }

        return bytes;
    }
}
