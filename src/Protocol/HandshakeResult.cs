namespace WgNet.Protocol;

/// <summary>What became of one message of types 1 to 3.</summary>
/// <param name="Session">The peer's, unless dropped before it was known whose it is.</param>
/// <param name="ReplyLength">The bytes of the reply to send to the source; 0 for none.</param>
public readonly record struct HandshakeResult(HandshakeEvent Event, DropReason Reason, Session? Session, int ReplyLength)
{
    internal static HandshakeResult Dropped(DropReason reason, Session? session = null) =>
        new(HandshakeEvent.Dropped, reason, session, 0);
}

public enum HandshakeEvent
{
    Dropped,

    /// <summary>Dropped for load; the reply is a cookie for its source.</summary>
    CookieReplyCreated,

    /// <summary>The reply is a response. The session roams to the source.</summary>
    InitiationConsumed,

    /// <summary>The session has a current keypair now and roams; staged packets follow, or a keepalive if there are none.</summary>
    ResponseConsumed,

    /// <summary>The next initiation will carry a cookie. The session does not roam: a cookie reply is not its peer's word.</summary>
    CookieReplyConsumed,
}
