using System.Buffers.Binary;
using WgNet.Device;
using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol.Cookies;

/// <summary>A <see cref="CookieMaker"/> that sends to a <see cref="CookieChecker"/>.</summary>
public sealed class CookieTests : IDisposable
{
    private const long Second = 1_000_000_000;

    private static readonly byte[] Source = [192, 0, 2, 1, 0xC0, 0x00]; // 192.0.2.1:49152

    private readonly SodiumPrimitives _primitives = new();
    private readonly PublicKey _responder;
    private readonly CookieChecker _checker;
    private readonly CookieMaker _maker;
    private readonly byte[] _message = new byte[148];
    private readonly byte[] _nonce = new byte[24];
    private readonly byte[] _cookie = new byte[32];

    public CookieTests()
    {
        byte[] key = new byte[PublicKey.Size];
        _primitives.RandomBytes(key);
        _responder = new PublicKey(key);
        _checker = new CookieChecker(_primitives);
        _checker.SetPublicKey(_responder);
        _maker = new CookieMaker(_primitives, _responder);
        NewMessage();
    }

    public void Dispose()
    {
        _checker.Dispose();
        _maker.Dispose();
    }

    [Fact]
    public void AddMacs_WithoutCookie_WritesTheWhitepapersMac1AndZeros()
    {
        _maker.AddMacs(_message, 0);

        byte[] publicKey = new byte[32], key = new byte[32], mac1 = new byte[16];
        _responder.CopyTo(publicKey);
        Blake2s.Hash("mac1----"u8, publicKey, key);
        Blake2s.Mac(key, _message.AsSpan(..116), mac1);
        Assert.Equal(mac1, _message[116..132]);
        Assert.Equal(new byte[16], _message[132..]);
    }

    [Fact]
    public void IsMac1Valid_AnyByteChanged_IsFalse()
    {
        _maker.AddMacs(_message, 0);
        Assert.True(_checker.IsMac1Valid(_message));

        for (int i = 0; i < 132; i++)
        {
            _message[i] ^= 1;
            Assert.False(_checker.IsMac1Valid(_message), $"byte {i}");
            _message[i] ^= 1;
        }
    }

    [Fact]
    public void IsMac1Valid_AnotherKeyOrNone_IsFalse()
    {
        _maker.AddMacs(_message, 0);

        _checker.SetPublicKey(new PublicKey([1, .. new byte[31]]));
        Assert.False(_checker.IsMac1Valid(_message));

        _checker.SetPublicKey(null);
        Assert.False(_checker.IsMac1Valid(_message));
        Assert.Throws<InvalidOperationException>(() => _checker.CreateReply(_message, Source, 0, _nonce, _cookie));

        _checker.SetPublicKey(_responder);
        Assert.True(_checker.IsMac1Valid(_message));
    }

    [Fact]
    public void IsMac2Valid_AfterACookieReply_IsTrue()
    {
        _maker.AddMacs(_message, 0);
        Assert.False(_checker.IsMac2Valid(_message, Source, 0));

        GetCookie(0);
        SendAgain(Second);

        Assert.True(_checker.IsMac1Valid(_message));
        Assert.True(_checker.IsMac2Valid(_message, Source, Second));
    }

    [Theory]
    [InlineData(0)]   // the address
    [InlineData(3)]
    [InlineData(4)]   // the port
    [InlineData(5)]
    public void IsMac2Valid_FromElsewhere_IsFalse(int changedByte)
    {
        _maker.AddMacs(_message, 0);
        GetCookie(0);
        SendAgain(Second);

        byte[] elsewhere = [.. Source];
        elsewhere[changedByte] ^= 1;

        Assert.False(_checker.IsMac2Valid(_message, elsewhere, Second));
    }

    [Fact]
    public void IsMac2Valid_AnyByteChanged_IsFalse()
    {
        _maker.AddMacs(_message, 0);
        GetCookie(0);
        SendAgain(Second);

        for (int i = 0; i < _message.Length; i++)
        {
            _message[i] ^= 0x80;
            Assert.False(_checker.IsMac2Valid(_message, Source, Second), $"byte {i}");
            _message[i] ^= 0x80;
        }
    }

    [Fact]
    public void IsMac2Valid_SecretTwoMinutesOld_IsFalse()
    {
        _maker.AddMacs(_message, 0);
        GetCookie(0);
        SendAgain(Second);

        Assert.True(_checker.IsMac2Valid(_message, Source, (120 * Second) - 1));
        Assert.False(_checker.IsMac2Valid(_message, Source, 120 * Second));
    }

    [Fact]
    public void AddMacs_CookieInItsLastFiveSeconds_IsNotUsed()
    {
        _maker.AddMacs(_message, 0);
        GetCookie(0);

        SendAgain((115 * Second) - 1);
        Assert.NotEqual(new byte[16], _message[132..]);

        SendAgain(115 * Second);
        Assert.Equal(new byte[16], _message[132..]);
    }

    [Fact]
    public void TryConsumeReply_NothingWasSent_IsFalse()
    {
        using var other = new CookieMaker(_primitives, _responder);
        other.AddMacs(_message, 0);
        _checker.CreateReply(_message, Source, 0, _nonce, _cookie);

        Assert.False(_maker.TryConsumeReply(_nonce, _cookie, 0));
    }

    [Fact]
    public void TryConsumeReply_Twice_IsFalse()
    {
        _maker.AddMacs(_message, 0);
        GetCookie(0);

        Assert.False(_maker.TryConsumeReply(_nonce, _cookie, 0));
    }

    [Fact]
    public void TryConsumeReply_ToAnEarlierMessage_IsFalse()
    {
        _maker.AddMacs(_message, 0);
        _checker.CreateReply(_message, Source, 0, _nonce, _cookie);
        SendAgain(Second);

        Assert.False(_maker.TryConsumeReply(_nonce, _cookie, Second));
    }

    [Fact]
    public void TryConsumeReply_Forged_IsFalseAndTheTrueOneStillCounts()
    {
        _maker.AddMacs(_message, 0);
        _checker.CreateReply(_message, Source, 0, _nonce, _cookie);

        _cookie[0] ^= 1;
        Assert.False(_maker.TryConsumeReply(_nonce, _cookie, 0));
        _cookie[0] ^= 1;
        Assert.True(_maker.TryConsumeReply(_nonce, _cookie, 0));
    }

    [Fact]
    public void CreateReply_Twice_NeverRepeatsANonce()
    {
        _maker.AddMacs(_message, 0);
        _checker.CreateReply(_message, Source, 0, _nonce, _cookie);
        byte[] first = [.. _nonce];
        _checker.CreateReply(_message, Source, 0, _nonce, _cookie);

        Assert.NotEqual(first, _nonce);
    }

    [Fact]
    public void Maker_AfterDispose_NeitherUsesNorTakesCookies()
    {
        _maker.AddMacs(_message, 0);
        GetCookie(0);
        _maker.Dispose();

        SendAgain(Second);
        Assert.Equal(new byte[16], _message[132..]);
        _checker.CreateReply(_message, Source, Second, _nonce, _cookie);
        Assert.False(_maker.TryConsumeReply(_nonce, _cookie, Second));
    }

    private void GetCookie(long now)
    {
        _checker.CreateReply(_message, Source, now, _nonce, _cookie);
        Assert.True(_maker.TryConsumeReply(_nonce, _cookie, now));
    }

    private void SendAgain(long now)
    {
        NewMessage();
        _maker.AddMacs(_message, now);
    }

    // Everything before the macs is new in every message, as a real one's ephemeral is.
    private void NewMessage()
    {
        _primitives.RandomBytes(_message);
        BinaryPrimitives.WriteUInt32LittleEndian(_message, 1);
    }
}
