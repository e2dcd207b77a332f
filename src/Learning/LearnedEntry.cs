namespace WgNet.Learning;

/// <summary>
/// An address and the peer that owns it. Neither ever changes: an address that changes hands gets a new entry, so a reader that
/// holds an entry holds a consistent pair. Only what was received from it moves on.
/// </summary>
internal sealed class LearnedEntry<TPeer>(UInt128 address, LearningPeer<TPeer> owner, long firstReceived, long lastReceived)
    where TPeer : class
{
    public readonly UInt128 Address = address;
    public readonly LearningPeer<TPeer> Owner = owner;
    public readonly long FirstReceived = firstReceived;

    private long _lastReceived = lastReceived;
    private long _packets;
    private volatile bool _isPinned;

    public long LastReceived => Volatile.Read(ref _lastReceived);

    public long Packets => Volatile.Read(ref _packets);

    /// <summary>Does not age, and does not give way to another address of its peer. Set under the owner's lock.</summary>
    public bool IsPinned
    {
        get => _isPinned;
        set => _isPinned = value;
    }

    public long ExpiresAt => _isPinned ? long.MaxValue : LastReceived + Owner.LearnTimeout;

    public bool IsExpired(long now) => now >= ExpiresAt;

    public void Count(long packets) => Interlocked.Add(ref _packets, packets);

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
