using System.Buffers.Binary;

namespace WgNet.Protocol;

/// <content>Handshake messages from the network, in the order of the checks that they meet.</content>
public sealed partial class SessionTable
{
    /// <summary>Consumes one message of types 1 to 3. Any bytes at all may come.</summary>
    /// <param name="source">What a cookie covers: the outside source address, 4 or 16 bytes, then its port, 2 bytes.</param>
    /// <param name="underLoad">Demands a cookie before any public-key operation.</param>
    /// <param name="reply">At least 92 bytes, for what <see cref="HandshakeResult.ReplyLength"/> says is to be sent to the source.</param>
    public HandshakeResult Consume(
        ReadOnlySpan<byte> message, ReadOnlySpan<byte> source, bool underLoad, long now, long wallTime, Span<byte> reply)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(reply.Length, HandshakeResponse.Size, nameof(reply));
        if (!MessageType.IsHandshake(message))
        {
            return HandshakeResult.Dropped(DropReason.Malformed);
        }

        uint type = MessageType.Read(message);
        Span<byte> copy = stackalloc byte[HandshakeInitiation.Size];
        copy = copy[..message.Length];
        message.CopyTo(copy);
        lock (HandshakeLock)
        {
            if (_identity is null)
            {
                return HandshakeResult.Dropped(DropReason.NoPrivateKey);
            }

            if (type == MessageType.CookieReply)
            {
                return ConsumeCookieReply(new CookieReplyMessage(copy), now);
            }

            DropReason refused = CheckMacs(copy, source, underLoad, now);
            if (refused == DropReason.UnderLoad)
            {
                CreateCookieReply(copy, source, now, new CookieReplyMessage(reply[..CookieReplyMessage.Size]));
                return new HandshakeResult(HandshakeEvent.CookieReplyCreated, refused, null, CookieReplyMessage.Size);
            }

            return refused != DropReason.None ? HandshakeResult.Dropped(refused)
                : type == MessageType.Initiation ? ConsumeInitiation(new HandshakeInitiation(copy), now, wallTime, reply)
                : ConsumeResponse(new HandshakeResponse(copy), now, wallTime);
        }
    }

    /// <summary>Section 5.3: mac1 always; under load mac2 as well, and then not too many from one address.</summary>
    private DropReason CheckMacs(ReadOnlySpan<byte> message, ReadOnlySpan<byte> source, bool underLoad, long now)
    {
        return !_cookieChecker.IsMac1Valid(message) ? DropReason.BadMac1
            : !underLoad ? DropReason.None
            : !_cookieChecker.IsMac2Valid(message, source, now) ? DropReason.UnderLoad
            : !_rateLimiter.TryTake(source, now) ? DropReason.RateLimited
            : DropReason.None;
    }

    private void CreateCookieReply(ReadOnlySpan<byte> message, ReadOnlySpan<byte> source, long now, CookieReplyMessage reply)
    {
        // Initiations and responses have their sender's index in the same place.
        reply.WriteHeader(BinaryPrimitives.ReadUInt32LittleEndian(message[4..]));
        _cookieChecker.CreateReply(message, source, now, reply.Nonce, reply.EncryptedCookie);
    }

    private HandshakeResult ConsumeInitiation(HandshakeInitiation message, long now, long wallTime, Span<byte> reply)
    {
        SymmetricState symmetric = default;
        try
        {
            if (!Handshake.TryReadInitiator(Primitives, _identity!, message, ref symmetric, out PublicKey initiator))
            {
                return HandshakeResult.Dropped(DropReason.BadHandshake);
            }

            if (Find(initiator) is not { } session)
            {
                return HandshakeResult.Dropped(DropReason.UnknownPeer);
            }

            DropReason refused = session.Handshake.ConsumeInitiation(message, ref symmetric, now);
            if (refused != DropReason.None)
            {
                return HandshakeResult.Dropped(refused, session);
            }

            return session.TryCreateResponse(now, wallTime, reply[..HandshakeResponse.Size])
                ? new HandshakeResult(HandshakeEvent.InitiationConsumed, DropReason.None, session, HandshakeResponse.Size)
                : HandshakeResult.Dropped(DropReason.BadHandshake, session);
        }
        finally
        {
            symmetric.Clear();
        }
    }

    private HandshakeResult ConsumeResponse(HandshakeResponse message, long now, long wallTime)
    {
        // An index that has become a keypair's is no handshake's: the response is late or a copy.
        if (Indices.Find(message.Receiver) is not { Keypair: null } entry)
        {
            return HandshakeResult.Dropped(DropReason.UnknownIndex);
        }

        return entry.Session.Handshake.TryConsumeResponse(_identity!, message) && entry.Session.CompleteInitiation(now, wallTime)
            ? new HandshakeResult(HandshakeEvent.ResponseConsumed, DropReason.None, entry.Session, 0)
            : HandshakeResult.Dropped(DropReason.BadHandshake, entry.Session);
    }

    private HandshakeResult ConsumeCookieReply(CookieReplyMessage message, long now)
    {
        if (Indices.Find(message.Receiver) is not { } entry)
        {
            return HandshakeResult.Dropped(DropReason.UnknownIndex);
        }

        return entry.Session.Cookies.TryConsumeReply(message.Nonce, message.EncryptedCookie, now)
            ? new HandshakeResult(HandshakeEvent.CookieReplyConsumed, DropReason.None, entry.Session, 0)
            : HandshakeResult.Dropped(DropReason.BadCookieReply, entry.Session);
    }
}
