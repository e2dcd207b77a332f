namespace WgNet.Learning;

/// <summary>
/// What a slot of the table says about its address, in one word, so that it changes by one compare-and-swap:
/// <code>
///   63 ................ 27 | 26 ........ 4 |   3    |   2    | 1 .. 0
///    last received, 1/64 s |     owner     | pinned | frozen | state
/// </code>
/// </summary>
internal readonly record struct LearnedWord(ulong Bits)
{
    /// <summary>The number of owners.</summary>
    public const int Owners = 1 << OwnerBits;

    /// <summary>Nanoseconds: times are kept in these, rounded down.</summary>
    public const long TimeUnit = 1_000_000_000 / 64;

    // Nanoseconds. Workers' clocks differ by what a batch takes; one that is this much behind was set back.
    private const long ClockSetBack = 10_000_000_000;

    private const int OwnerBits = 23;
    private const int OwnerShift = 4;
    private const int TimeShift = OwnerShift + OwnerBits;
    private const long LatestTime = (1L << (63 - TimeShift)) - 1;

    private const ulong StateMask = 3;
    private const ulong LiveState = 1;
    private const ulong GoneState = 3;
    private const ulong FrozenBit = 4;
    private const ulong PinnedBit = 8;

    /// <summary>Nothing was ever said about the address in this array.</summary>
    public static LearnedWord None => new(0);

    /// <summary>The address was somebody's and is nobody's.</summary>
    public static LearnedWord Dead => new(2);

    /// <summary>What was here is in the next array, or was dead.</summary>
    public static LearnedWord Moved => new(GoneState);

    /// <summary>Nothing was here, and nothing will be: ask the next array.</summary>
    public static LearnedWord Sealed => new(GoneState | FrozenBit);

    public bool IsLive => (Bits & StateMask) == LiveState;

    /// <summary>Moved or sealed: the next array has the say. For good.</summary>
    public bool IsGone => (Bits & StateMask) == GoneState;

    /// <summary>Live and true, and about to be moved: only <see cref="Moved"/> can follow.</summary>
    public bool IsFrozen => (Bits & FrozenBit) != 0;

    /// <summary>Does not age, and does not give way to another address of its peer.</summary>
    public bool IsPinned => (Bits & PinnedBit) != 0;

    public int Owner => (int)(Bits >> OwnerShift) & (Owners - 1);

    /// <summary>Nanoseconds, of the clock that came with the packets.</summary>
    public long LastReceived => ((long)Bits >> TimeShift) * TimeUnit;

    /// <param name="lastReceived">Nanoseconds; bounded to 34 years before and after the clock's zero.</param>
    public static LearnedWord Live(int owner, long lastReceived, bool isPinned) =>
        new(LiveState | (isPinned ? PinnedBit : 0) | ((ulong)owner << OwnerShift) | TimeBits(lastReceived));

    public LearnedWord Freeze() => new(Bits | FrozenBit);

    public LearnedWord Thaw() => new(Bits & ~FrozenBit);

    public LearnedWord WithLastReceived(long lastReceived) => new((Bits & ((1UL << TimeShift) - 1)) | TimeBits(lastReceived));

    /// <summary>
    /// Whether a packet received now is worth a note: so many nanoseconds after the last one, or so long before it that the clock
    /// must have been set back.
    /// </summary>
    public bool IsStale(long now, long after) => now - LastReceived >= after || LastReceived - now > ClockSetBack;

    public long ExpiresAt(long timeout) => IsPinned ? long.MaxValue : LastReceived + timeout;

    public bool IsExpired(long now, long timeout) => now >= ExpiresAt(timeout);

    private static ulong TimeBits(long nanoseconds)
    {
        (long units, long rest) = Math.DivRem(nanoseconds, TimeUnit);
        return (ulong)Math.Clamp(rest < 0 ? units - 1 : units, -LatestTime, LatestTime) << TimeShift;
    }
}
