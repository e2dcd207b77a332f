using System.Buffers.Binary;
using System.Net;
using WgNet.Protocol;
using WgNet.Udp;

namespace WgNet.Peers;

/// <summary>
/// One peer of the gateway, played with the project's own protocol code: a static key of its own, an outside address of its own
/// (so that limits per source are met by nobody), and a clock of its own, which runs ahead of the real one so that it may initiate again at once.
/// </summary>
internal sealed class Initiator : IDisposable
{
    // More than RekeyTimeout, which a session keeps between two initiations.
    private const long Step = 6 * Constants.Second;

    private readonly SessionTable _table;
    private readonly Session _session;
    private readonly byte[] _response = new byte[HandshakeSizes.Response];
    private byte[] _cookieInput = [];
    private long _now;
    private int _answerLength;

    public Initiator(IPrimitives primitives, PublicKey gateway, int number)
    {
        Number = number;
        Span<byte> key = stackalloc byte[PublicKey.Size];
        primitives.RandomBytes(key);
        _table = new SessionTable(primitives);
        _table.SetPrivateKey(key, now: 0);
        _session = _table.Add(gateway, owner: null);
    }

    public int Number { get; }

    public PublicKey PublicKey => _table.PublicKey;

    /// <summary>The address that it sends from outside.</summary>
    public IPAddress Outside => Numbered(0x0A80_0000);

    /// <summary>The address that it may use inside.</summary>
    public IPAddress Inside => Numbered(0x0A40_0000);

    /// <summary>Where the gateway is, from this peer's own address.</summary>
    public Endpoint Gateway { get; private set; } = null!;

    public byte[] Initiation { get; } = new byte[HandshakeSizes.Initiation];

    /// <summary>Our index in <see cref="Initiation"/>: what the answer must name.</summary>
    public uint Sender => BinaryPrimitives.ReadUInt32LittleEndian(Initiation.AsSpan(4));

    public bool IsAnswered => _answerLength != 0;

    public void Direct(IPAddress gateway, int port)
    {
        Gateway = new Endpoint(gateway, port, Outside);
        _cookieInput = Gateway.CookieInput.ToArray();
    }

    /// <summary>Makes a new <see cref="Initiation"/>; the one before is void.</summary>
    public void Initiate()
    {
        _answerLength = 0;
        _now += Step;
        if (!_session.TryCreateInitiation(_now, WallTime(), isRetry: false, Initiation))
        {
            throw new InvalidOperationException("no initiation could be made");
        }
    }

    /// <summary>Keeps a response until <see cref="Complete"/>; whether it is genuine is checked there, off the measured time.</summary>
    public void Keep(ReadOnlySpan<byte> response)
    {
        response.CopyTo(_response);
        _answerLength = response.Length;
    }

    /// <summary>Takes a cookie: the next initiation proves with it that we receive at our address.</summary>
    public void TakeCookie(ReadOnlySpan<byte> reply) => Consume(reply, HandshakeEvent.CookieReplyConsumed);

    /// <summary>Ends the handshake with the response that was kept; throws if it is not genuine. Returns the first message under the new keys, an empty one.</summary>
    public byte[] Complete()
    {
        Consume(_response.AsSpan(0, _answerLength), HandshakeEvent.ResponseConsumed);
        byte[] keepalive = new byte[Keypair.Overhead];
        Seal(keepalive);
        return keepalive;
    }

    /// <summary>Seals a datagram whose plaintext lies between header and tag.</summary>
    public void Seal(Span<byte> datagram)
    {
        if (_session.SendingKeypair(_now) is not { } keypair || !keypair.TryReserve(1, out ulong counter) || !keypair.Seal(counter, datagram))
        {
            throw new InvalidOperationException("no keys to send with");
        }
    }

    /// <summary>Opens a data message of this peer in place; false if it is not one.</summary>
    public bool TryOpen(Span<byte> datagram, out int length)
    {
        length = 0;
        return TransportMessage.TryReadIndex(datagram, out uint index)
            && _table.FindKeypair(index) is { } keypair
            && keypair.TryOpen(datagram, _now, out length) == DropReason.None;
    }

    public void Dispose() => _table.Dispose();

    private static long WallTime() => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;

    private void Consume(ReadOnlySpan<byte> message, HandshakeEvent expected)
    {
        Span<byte> reply = stackalloc byte[HandshakeSizes.Initiation];
        HandshakeResult result = _table.Consume(message, _cookieInput, underLoad: false, _now, WallTime(), reply);
        if (result.Event != expected)
        {
            throw new InvalidOperationException($"peer {Number}: an answer of the gateway is not genuine: {result.Reason}");
        }
    }

    private IPAddress Numbered(uint network)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, network + (uint)Number);
        return new IPAddress(bytes);
    }
}

/// <summary>Bytes of the messages (whitepaper 5.4).</summary>
internal static class HandshakeSizes
{
    public const int Initiation = 148;
    public const int Response = 92;
    public const int CookieReply = 64;
}
