namespace WgNet.Device.Events;

/// <summary>What may have happened. On the control socket the names are snake_case; docs/learning.md says what goes with each.</summary>
public enum DeviceEventKind : byte
{
    /// <summary>An address has become a peer's.</summary>
    Learned,

    /// <summary>Nothing was received from an address for the peer's timeout.</summary>
    Expired,

    /// <summary>An address gave way to a newer one of its peer, or to a lower limit.</summary>
    Evicted,

    /// <summary>An administrator made an address nobody's.</summary>
    Forgotten,

    /// <summary>The configuration, or the interface's own addresses, do not allow an address any more.</summary>
    Contradicted,

    /// <summary>An administrator keeps an address: it does not age any more.</summary>
    Pinned,

    /// <summary>A pinned address ages again.</summary>
    Unpinned,

    /// <summary>A packet was dropped since another peer has its source.</summary>
    Conflict,

    /// <summary>A packet was dropped since its sender may not have its source.</summary>
    Refused,

    PeerAdded,

    PeerRemoved,

    /// <summary>There is a new keypair, and both sides know that the other one has it.</summary>
    HandshakeCompleted,

    /// <summary>The peer is somewhere else outside.</summary>
    EndpointChanged,

    /// <summary>The peer has other AllowedIPs, or may learn in other prefixes.</summary>
    AllowedIpsChanged,

    /// <summary>The subscriber did not read for so long that events were thrown away.</summary>
    Lost,

    /// <summary>The number of kinds.</summary>
    Count,
}
