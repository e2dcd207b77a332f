namespace WgNet.Learning;

/// <summary>
/// An address and the peer that owns it. Neither ever changes: an address that changes hands gets a new entry, so a reader that
/// holds an entry holds a consistent pair. Only the time of the last packet received moves.
/// </summary>
internal sealed class LearnedEntry<TPeer>(UInt128 address, LearningPeer<TPeer> owner, long now)
    where TPeer : class
{
    public readonly UInt128 Address = address;
    public readonly LearningPeer<TPeer> Owner = owner;

    private long _lastReceived = now;

    public long LastReceived => Volatile.Read(ref _lastReceived);

    public long ExpiresAt => LastReceived + Owner.LearnTimeout;

    public bool IsExpired(long now) => now >= ExpiresAt;

    /// <summary>
    /// Notes a packet received. Most packets write nothing, so that workers which receive from one address do not pull its cache
    /// line from each other. Two that do write at once differ by less than the entry's granularity.
    /// </summary>
    public void Refresh(long now)
    {
        if (now - LastReceived >= Owner.RefreshGranularity)
        {
            Volatile.Write(ref _lastReceived, now);
        }
    }
}
