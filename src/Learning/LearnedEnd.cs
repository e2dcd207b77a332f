namespace WgNet.Learning;

/// <summary>Why an address is its peer's no longer.</summary>
public enum LearnedEnd
{
    /// <summary>Nothing was received from it for the peer's timeout.</summary>
    Expired,

    /// <summary>The peer has a newer address, or a lower limit.</summary>
    Evicted,

    /// <summary>An administrator said so.</summary>
    Forgotten,

    /// <summary>The configuration, or the interface's own addresses, do not allow it any more.</summary>
    Contradicted,

    PeerRemoved,
}
