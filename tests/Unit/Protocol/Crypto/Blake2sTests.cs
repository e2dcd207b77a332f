using System.Text.Json;
using WgNet.Protocol;
using WgNet.Unit.Vectors;
using Xunit;

namespace WgNet.Unit.Protocol.Crypto;

public class Blake2sTests
{
    // 1000 bytes i mod 251, unkeyed; from Python's hashlib.
    private const string Hash1000 = "1c067a5e746fb0f6734efac9a8cdb0e11061f0077f255184365c690115392501";

    [Fact]
    public void KnownAnswers_KeyedAndUnkeyed_Match()
    {
        int count = 0;
        byte[] output = new byte[32];
        foreach (JsonElement test in VectorFile.Load("blake2s-kat.json").EnumerateArray())
        {
            Blake2s.Mac(test.Hex("key"), test.Hex("in"), output);
            Assert.Equal(test.Hex("out"), output);
            count++;
        }

        Assert.Equal(512, count);
    }

    [Fact]
    public void Hash_Rfc7693Example_Matches()
    {
        byte[] output = new byte[32];
        Blake2s.Hash("abc"u8, output);
        Assert.Equal("508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982", Convert.ToHexStringLower(output));
    }

    [Fact]
    public void Mac_SixteenBytes_IsNotATruncatedLongerOne()
    {
        byte[] key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        byte[] output = new byte[16];
        Blake2s.Mac(key, "abc"u8, output);
        Assert.Equal("61ba5f165c194692e09d12520cc4c74a", Convert.ToHexStringLower(output)); // from Python's hashlib
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(999)]
    public void Update_InPieces_GivesTheSameHash(int pieceLength)
    {
        byte[] data = [.. Enumerable.Range(0, 1000).Select(i => (byte)(i % 251))];
        var hash = new Blake2s(32);
        foreach (byte[] piece in data.Chunk(pieceLength))
        {
            hash.Update(piece);
        }

        byte[] output = new byte[32];
        hash.Finish(output);
        Assert.Equal(Hash1000, Convert.ToHexStringLower(output));
    }

    [Fact]
    public void Hash_OfTwoPiecesIntoTheFirst_IsThatOfTheirConcatenation()
    {
        byte[] first = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        byte[] second = [.. Enumerable.Range(32, 100).Select(i => (byte)i)];
        byte[] expected = new byte[32];
        Blake2s.Hash([.. first, .. second], expected);

        Blake2s.Hash(first, second, first);

        Assert.Equal(expected, first);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(33, 0)]
    [InlineData(32, 33)]
    public void Constructor_LengthOutOfRange_Throws(int outputLength, int keyLength) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Blake2s(outputLength, new byte[keyLength]));
}
