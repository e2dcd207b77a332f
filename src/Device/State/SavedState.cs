using WgNet.Learning;
using WgNet.Protocol;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>What a device knew of its peers and has to know again after a restart. See <see cref="SavedStateReader"/> for its text.</summary>
/// <param name="SavedAt">When it was written: milliseconds since 1970-01-01 UTC.</param>
/// <param name="Peers">Each key once, each address once.</param>
internal sealed record SavedState(long SavedAt, List<SavedPeer> Peers)
{
    public const string FirstLine = "wgnet_state=1";

    public const string ChecksumKey = "checksum=";

    /// <summary>The last word of a <c>learned</c> line, where it applies.</summary>
    public const string Pinned = " pinned";

    /// <summary>Bytes; 1,300,000 addresses at about a hundred each. The writer stops there, the reader takes nothing larger for a state.</summary>
    public const int MaxSize = 128 << 20;

    /// <summary>Bytes of one line, without its end: all words of <c>learned</c> at their longest.</summary>
    public const int LongestLine = 160;

    public const long Millisecond = 1_000_000;

    /// <summary>Milliseconds, a century: a larger age would overflow in nanoseconds.</summary>
    public const long LongestAge = 36_525L * 24 * 3600 * 1000;

    /// <summary>
    /// The peers as they are now. Time is that of the wall clock, which may have been set: a state from the future is as old as it was.
    /// </summary>
    /// <param name="wallTime">Nanoseconds since 1970-01-01 UTC.</param>
    public IEnumerable<SavedPeer> PeersAt(long wallTime)
    {
        long passed = Math.Clamp((wallTime / Millisecond) - SavedAt, 0, LongestAge) * Millisecond;
        return Peers.Select(peer => peer.Older(passed, waited: 0));
    }
}

/// <summary>One peer in a <see cref="SavedState"/>.</summary>
internal sealed record SavedPeer(PublicKey PublicKey)
{
    /// <summary>Where the peer was outside; null if nobody knew.</summary>
    public Endpoint? Endpoint { get; init; }

    /// <summary>Nanoseconds for which devices have run without being asked for this; see <see cref="WaitingPeers"/>.</summary>
    public long Waited { get; init; }

    /// <summary>Ages are those at the time of writing.</summary>
    public List<LearnedAddress> Learned { get; init; } = [];

    /// <summary>The same some nanoseconds later, of which it <paramref name="waited"/> some.</summary>
    public SavedPeer Older(long passed, long waited) => this with
    {
        Waited = Add(Waited, waited),
        Learned = [.. Learned.Select(learned => learned with
        {
            AgeNanoseconds = Add(learned.AgeNanoseconds, passed),
            FirstSeenNanoseconds = Add(learned.FirstSeenNanoseconds, passed),
        })],
    };

    public bool IsEmpty => Endpoint is null && Learned.Count == 0;

    // Neither is negative; the sum stays within what can be written.
    private static long Add(long age, long passed)
    {
        const long Longest = SavedState.LongestAge * SavedState.Millisecond;
        return age > Longest - Math.Min(passed, Longest) ? Longest : age + passed;
    }
}
