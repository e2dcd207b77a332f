using System.Text.Json;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Unit.Protocol.Crypto;
using WgNet.Unit.Vectors;
using Xunit;

namespace WgNet.Unit.Linux;

public class SodiumTests
{
    private readonly SodiumPrimitives _primitives = new();

    [Fact]
    public void ChaCha20Poly1305_Wycheproof_AgreesInPlaceToo()
    {
        int valid = 0;
        int invalid = 0;
        foreach (AeadTestVector aead in AeadTestVector.All("chacha20_poly1305_test.json"))
        {
            if (aead.Nonce.Length != Sodium.NonceSize)
            {
                Assert.Throws<ArgumentOutOfRangeException>(() => Sodium.TryOpen(aead.Key, aead.Nonce, aead.AssociatedData, aead.Sealed, new byte[aead.Plaintext.Length]));
                continue;
            }

            byte[] opened = [.. aead.Sealed];
            Assert.Equal(aead.IsValid, Sodium.TryOpen(aead.Key, aead.Nonce, aead.AssociatedData, opened, opened.AsSpan(..^16)));
            if (!aead.IsValid)
            {
                invalid++;
                continue;
            }

            Assert.Equal(aead.Plaintext, opened[..^16]);
            byte[] buffer = [.. aead.Plaintext, .. new byte[16]];
            Sodium.Seal(aead.Key, aead.Nonce, aead.AssociatedData, buffer.AsSpan(..^16), buffer);
            Assert.Equal(aead.Sealed, buffer);
            valid++;
        }

        Assert.True(valid > 200 && invalid > 30, $"{valid} valid, {invalid} invalid");
    }

    [Fact]
    public void XChaCha20Poly1305_Wycheproof_Agrees()
    {
        int valid = 0;
        int invalid = 0;
        foreach (AeadTestVector aead in AeadTestVector.All("xchacha20_poly1305_test.json"))
        {
            if (aead.Nonce.Length != Sodium.XNonceSize)
            {
                Assert.Throws<ArgumentOutOfRangeException>(() => _primitives.TryXOpen(aead.Key, aead.Nonce, aead.AssociatedData, aead.Sealed, new byte[aead.Plaintext.Length]));
                continue;
            }

            byte[] opened = new byte[aead.Plaintext.Length];
            Assert.Equal(aead.IsValid, _primitives.TryXOpen(aead.Key, aead.Nonce, aead.AssociatedData, aead.Sealed, opened));
            if (!aead.IsValid)
            {
                invalid++;
                continue;
            }

            Assert.Equal(aead.Plaintext, opened);
            byte[] output = new byte[aead.Sealed.Length];
            _primitives.XSeal(aead.Key, aead.Nonce, aead.AssociatedData, aead.Plaintext, output);
            Assert.Equal(aead.Sealed, output);
            valid++;
        }

        Assert.True(valid > 200 && invalid > 30, $"{valid} valid, {invalid} invalid");
    }

    [Fact]
    public void X25519_Wycheproof_AgreesAndRefusesAllZeroSecrets()
    {
        int accepted = 0;
        int refused = 0;
        foreach (JsonElement test in VectorFile.WycheproofTests("x25519_test.json"))
        {
            byte[] expected = test.Hex("shared");
            byte[] shared = new byte[32];
            bool ok = _primitives.TryX25519(test.Hex("private"), test.Hex("public"), shared);
            Assert.Equal(expected.AsSpan().ContainsAnyExcept((byte)0), ok);
            if (ok)
            {
                Assert.Equal(expected, shared);
                accepted++;
            }
            else
            {
                refused++;
            }
        }

        Assert.True(accepted > 450 && refused > 10, $"{accepted} accepted, {refused} refused");
    }

    [Fact]
    public void X25519Base_Rfc7748Key_GivesItsPublicKey()
    {
        byte[] bob = Convert.FromHexString("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
        byte[] output = new byte[32];
        _primitives.X25519Base(bob, output);
        Assert.Equal("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", Convert.ToHexStringLower(output));
    }

    [Fact]
    public void X25519Base_AnyKey_IsX25519OfNine()
    {
        byte[] key = new byte[32], nine = [9, .. new byte[31]], expected = new byte[32], output = new byte[32];
        for (int i = 0; i < 100; i++)
        {
            _primitives.RandomBytes(key);
            Assert.True(_primitives.TryX25519(key, nine, expected));
            _primitives.X25519Base(key, output);
            Assert.Equal(expected, output);
        }
    }

    [Fact]
    public void TryOpen_ShorterThanATag_IsFalse()
    {
        Assert.False(Sodium.TryOpen(new byte[32], 0, default, new byte[15], default));
        Assert.False(_primitives.TryXOpen(new byte[32], new byte[24], default, new byte[15], default));
    }

    [Fact]
    public void WrongLengths_Throw_BeforeNativeCodeRuns()
    {
        byte[] key = new byte[32];
        Assert.Throws<ArgumentOutOfRangeException>(() => Sodium.Seal(new byte[31], 0, default, default, new byte[16]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sodium.Seal(key, 0, default, new byte[4], new byte[19]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sodium.TryOpen(key, 0, default, new byte[20], new byte[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _primitives.XSeal(key, new byte[12], default, default, new byte[16]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _primitives.X25519Base(key, new byte[31]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _primitives.TryX25519(key, key, new byte[31]));
    }

    [Fact]
    public void RandomBytes_LongerThanOneSystemCallPromises_AreAllFilled()
    {
        byte[] buffer = new byte[100_000];
        _primitives.RandomBytes(buffer);
        Assert.True(buffer.AsSpan(^64..).ContainsAnyExcept((byte)0));
        Assert.InRange(buffer.Count(b => b == 0), 200, 600); // 391 expected, 20 standard deviation
    }
}
