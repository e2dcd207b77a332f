using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol;

/// <summary>One end of a tunnel for tests: a table with one session in it, and the device's chores around them.</summary>
internal sealed class Side
{
    private readonly byte[] _reply = new byte[HandshakeResponse.Size];

    public Side(IPrimitives primitives, byte seed, ProtocolOptions? options = null)
    {
        Primitives = primitives;
        Table = new SessionTable(primitives, options);
        PrivateKey = new byte[32];
        PrivateKey.AsSpan().Fill(seed);
        Table.SetPrivateKey(PrivateKey, 0);
    }

    public IPrimitives Primitives { get; }

    public byte[] PrivateKey { get; }

    public SessionTable Table { get; }

    public Session Session { get; private set; } = null!;

    /// <summary>The datagram that the last <see cref="Consume"/> asked to send back.</summary>
    public byte[] Reply { get; private set; } = [];

    /// <summary>Two sides that know each other.</summary>
    public static (Side A, Side B) Pair(Func<int, IPrimitives>? primitives = null, ProtocolOptions? options = null)
    {
        primitives ??= seed => new SeededPrimitives(seed);
        var a = new Side(primitives(1), 0xA1, options);
        var b = new Side(primitives(2), 0xB2, options);
        a.Know(b.Table.PublicKey, b);
        b.Know(a.Table.PublicKey, a);
        return (a, b);
    }

    /// <summary>The one peer that this side talks to.</summary>
    public void Know(PublicKey remote, object? owner) => Session = Table.Add(remote, owner);

    /// <summary>Two sides whose handshake is complete and confirmed at <paramref name="now"/>; A is the initiator.</summary>
    public static (Side A, Side B) Connected(long now = 0, Func<int, IPrimitives>? primitives = null)
    {
        (Side a, Side b) = Pair(primitives);
        a.Connect(b, now);
        return (a, b);
    }

    /// <summary>This side initiates, and confirms with a keepalive.</summary>
    public void Connect(Side other, long now)
    {
        byte[] initiation = Initiate(now)!;
        Assert.Equal(HandshakeEvent.InitiationConsumed, other.Consume(initiation, now).Event);
        Assert.Equal(HandshakeEvent.ResponseConsumed, Consume(other.Reply, now).Event);
        Assert.Equal(DropReason.None, other.Receive(Send([], now)!, now, out _, out _));
    }

    public byte[]? Initiate(long now, long? wallTime = null, bool isRetry = false)
    {
        byte[] message = new byte[HandshakeInitiation.Size];
        if (!Session.TryCreateInitiation(now, wallTime ?? WallTime(now), isRetry, message))
        {
            return null;
        }

        Session.HandshakeSent(now);
        return message;
    }

    public HandshakeResult Consume(ReadOnlySpan<byte> message, long now, bool underLoad = false, byte[]? source = null, long? wallTime = null)
    {
        HandshakeResult result = Table.Consume(message, source ?? [192, 0, 2, 1, 0, 1], underLoad, now, wallTime ?? WallTime(now), _reply);
        Reply = _reply[..result.ReplyLength];
        if (result.Event == HandshakeEvent.InitiationConsumed)
        {
            result.Session!.HandshakeSent(now);
        }

        return result;
    }

    /// <summary>Null without a keypair to send with.</summary>
    public byte[]? Send(ReadOnlySpan<byte> packet, long now) => Send(packet, now, out _);

    public byte[]? Send(ReadOnlySpan<byte> packet, long now, out SessionActions actions)
    {
        actions = SessionActions.None;
        if (Session.SendingKeypair(now) is not { } keypair || !keypair.TryReserve(1, out ulong counter))
        {
            return null;
        }

        byte[] datagram = new byte[packet.Length + Keypair.Overhead];
        packet.CopyTo(datagram.AsSpan(Keypair.HeaderSize));
        Assert.True(keypair.Seal(counter, datagram));
        actions = Session.DataSent(keypair, packet.IsEmpty, now);
        return datagram;
    }

    public DropReason Receive(ReadOnlySpan<byte> message, long now, out byte[] packet, out SessionActions actions)
    {
        packet = [];
        actions = SessionActions.None;
        byte[] datagram = message.ToArray();
        if (!TransportMessage.TryReadIndex(datagram, out uint index))
        {
            return DropReason.Malformed;
        }

        if (Table.FindKeypair(index) is not { } keypair)
        {
            return DropReason.UnknownIndex;
        }

        DropReason reason = keypair.TryOpen(datagram, now, out int length);
        if (reason == DropReason.None)
        {
            packet = datagram[Keypair.HeaderSize..(Keypair.HeaderSize + length)];
            actions = keypair.Session.DataReceived(keypair, withContent: length == 0 ? 0 : 1, now);
        }

        return reason;
    }

    /// <summary>A packet's whole way to <paramref name="other"/>.</summary>
    public DropReason Deliver(Side other, ReadOnlySpan<byte> packet, long now)
    {
        byte[]? datagram = Send(packet, now);
        Assert.NotNull(datagram);
        DropReason reason = other.Receive(datagram, now, out byte[] received, out _);
        if (reason == DropReason.None)
        {
            Assert.Equal(packet, received);
        }

        return reason;
    }

    public static long WallTime(long now) => (1_700_000_000 * Constants.Second) + now;
}
