namespace WgNet.Learning;

/// <summary>What becomes of an authenticated inside packet because of its source address.</summary>
public enum SourceVerdict : byte
{
    /// <summary>Deliver: the address is the peer's, learned or by AllowedIPs.</summary>
    Accepted,

    /// <summary>Deliver: the address has become the peer's with this very packet.</summary>
    Learned,

    /// <summary>Drop: the address is another peer's by AllowedIPs, or nobody's, and the peer may not claim it.</summary>
    NotAllowed,

    /// <summary>Drop: another peer has learned the address.</summary>
    Conflict,

    /// <summary>Drop: the peer might claim the address, but it is not one that a host may have.</summary>
    NotLearnable,

    /// <summary>Drop: the peer's limit is 0.</summary>
    LearnLimited,

    /// <summary>Drop: the peer changes its addresses too fast.</summary>
    LearnRateLimited,

    /// <summary>The number of verdicts.</summary>
    Count,
}
