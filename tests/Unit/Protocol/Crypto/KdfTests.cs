using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol.Crypto;

// The expected values are from Python's hmac and hashlib.
public class KdfTests
{
    private const string First = "e3b7e038799447459d13f6cc03b71555c0b32ee93354ebe4526ec98bc53b20a4";
    private const string Second = "ca06d8e46b509266c7c0594805ffb9c256348a33c642381348f047e452d239e2";
    private const string Third = "5ee952936bec1473c13db1cc92b8d8ba5ad2df7c77f07478731d48aa5530a000";

    private readonly byte[] _chainingKey = Bytes(0, 32);
    private readonly byte[] _input = Bytes(100, 32);

    [Fact]
    public void Mac_OfTwoPieces_Matches()
    {
        byte[] output = new byte[32];
        HmacBlake2s.Mac(_chainingKey, "abc"u8, "def"u8, output);
        Assert.Equal("1ef2d7815adf4d6574d350f506c50442eda2fe590df41df56f470a9e0b6413d4", Convert.ToHexStringLower(output));
    }

    [Fact]
    public void Mac_KeyLongerThanABlock_IsHashedFirst()
    {
        byte[] output = new byte[32];
        HmacBlake2s.Mac(Bytes(0, 100), Bytes(0, 200), default, output);
        Assert.Equal("c4c95271905c6f69c1dd7c6fbc0cb3735457a660ccc2c4370f28825e7abef5af", Convert.ToHexStringLower(output));
    }

    [Fact]
    public void Mac_NothingAtAll_Matches()
    {
        byte[] output = new byte[32];
        HmacBlake2s.Mac(default, default, default, output);
        Assert.Equal("eaf4bb25938f4d20e72656bbbc7a9bf63c0c18537333c35bdb67db1402661acd", Convert.ToHexStringLower(output));
    }

    [Fact]
    public void Derive_OneTwoOrThree_GiveTheSameOutputs()
    {
        byte[] a = new byte[32], b = new byte[32], c = new byte[32];

        Kdf.Derive1(_chainingKey, _input, a);
        Assert.Equal(First, Convert.ToHexStringLower(a));

        Kdf.Derive2(_chainingKey, _input, a, b);
        Assert.Equal((First, Second), (Convert.ToHexStringLower(a), Convert.ToHexStringLower(b)));

        Kdf.Derive3(_chainingKey, _input, a, b, c);
        Assert.Equal((First, Second, Third), (Convert.ToHexStringLower(a), Convert.ToHexStringLower(b), Convert.ToHexStringLower(c)));
    }

    [Fact]
    public void Derive2_EmptyInput_Matches()
    {
        // As the transport keys are derived.
        byte[] a = new byte[32], b = new byte[32];
        Kdf.Derive2(_chainingKey, default, a, b);
        Assert.Equal("7a38c34bf2b8738d7374ca77c44ecb309a11d2b2528304fa86052c365e722624", Convert.ToHexStringLower(a));
        Assert.Equal("1a17621f346abdc520746a9fb64d8eb03231d674fc15687537b0780fd9c060fd", Convert.ToHexStringLower(b));
    }

    [Fact]
    public void Derive2_ChainingKeyReplacedInPlace_Matches()
    {
        byte[] b = new byte[32];
        Kdf.Derive2(_chainingKey, _input, _chainingKey, b);
        Assert.Equal((First, Second), (Convert.ToHexStringLower(_chainingKey), Convert.ToHexStringLower(b)));
    }

    private static byte[] Bytes(int first, int count) => [.. Enumerable.Range(first, count).Select(i => (byte)i)];
}
