namespace WgNet.Protocol;

/// <summary>Why a datagram from outside was dropped. Counted, never thrown.</summary>
public enum DropReason : byte
{
    None,

    /// <summary>No message of any type: length, type or reserved bytes.</summary>
    Malformed,

    /// <summary>The interface has no private key.</summary>
    NoPrivateKey,

    /// <summary>No keypair or handshake has the receiver index.</summary>
    UnknownIndex,

    /// <summary>mac1 was not made for our public key.</summary>
    BadMac1,

    /// <summary>Under load and without a valid mac2: answered with a cookie.</summary>
    UnderLoad,

    /// <summary>Under load, and its source sends handshakes too fast.</summary>
    RateLimited,

    /// <summary>An authentic initiation from a key that is no peer's.</summary>
    UnknownPeer,

    /// <summary>A handshake message that does not decrypt, or answers nothing.</summary>
    BadHandshake,

    /// <summary>An initiation whose timestamp is not above the last one's.</summary>
    ReplayedHandshake,

    /// <summary>A peer's initiations come faster than <see cref="Constants.InitiationInterval"/>.</summary>
    FloodedHandshake,

    /// <summary>A cookie reply that does not decrypt, or answers nothing.</summary>
    BadCookieReply,

    /// <summary>The keypair is over <see cref="Constants.RejectAfterTime"/> old, has used up its counters, or was zeroed.</summary>
    KeyExpired,

    /// <summary>Data that does not decrypt.</summary>
    BadTag,

    /// <summary>A counter seen before, or below the replay window.</summary>
    Replayed,

    /// <summary>Larger than the receive buffer, so cut short.</summary>
    Oversized,

    /// <summary>A handshake message beyond the bounded queue.</summary>
    QueueFull,

    /// <summary>How many reasons there are.</summary>
    Count,
}
