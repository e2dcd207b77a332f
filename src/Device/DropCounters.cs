using System.Text;
using WgNet.Learning;
using WgNet.Protocol;

namespace WgNet.Device;

/// <summary>
/// Packets dropped, by reason. Thread-safe. Most peers never drop one, so that the counters come with the first.
/// </summary>
public sealed class DropCounters
{
    private static readonly string[] OutsideNames = Names<DropReason>((int)DropReason.Count);
    private static readonly string[] SourceNames = Names<SourceVerdict>((int)SourceVerdict.Count);
    private static readonly string[] InsideNames = Names<InsideDrop>((int)InsideDrop.Count);
    private static readonly string[] AllNames = [.. OutsideNames, .. SourceNames, .. InsideNames];

    // In the order of the names.
    private long[]? _counts;

    /// <summary>
    /// Why a packet may be dropped that belongs to no peer, or to none yet: every such reason, as the UAPI names it. What occurs
    /// beside these is reported, too.
    /// </summary>
    public static IReadOnlyList<int> DeviceReasons { get; } =
    [
        Index(DropReason.Malformed), Index(DropReason.NoPrivateKey), Index(DropReason.UnknownIndex), Index(DropReason.BadMac1),
        Index(DropReason.UnderLoad), Index(DropReason.RateLimited), Index(DropReason.UnknownPeer), Index(DropReason.BadHandshake),
        Index(DropReason.Oversized), Index(DropReason.QueueFull),
        Index(InsideDrop.MalformedInside), Index(InsideDrop.NoRoute), Index(InsideDrop.TunRefused), Index(InsideDrop.UdpRefused),
    ];

    /// <summary>Why a peer's packet may be dropped: every such reason.</summary>
    public static IReadOnlyList<int> PeerReasons { get; } =
    [
        Index(DropReason.BadHandshake), Index(DropReason.ReplayedHandshake), Index(DropReason.FloodedHandshake),
        Index(DropReason.BadCookieReply), Index(DropReason.KeyExpired), Index(DropReason.BadTag), Index(DropReason.Replayed),
        Index(SourceVerdict.NotAllowed), ConflictIndex, Index(SourceVerdict.NotLearnable),
        Index(SourceVerdict.LearnLimited), Index(SourceVerdict.LearnRateLimited),
        Index(InsideDrop.MalformedInside), Index(InsideDrop.StagedOverflow), Index(InsideDrop.NoEndpoint),
        Index(InsideDrop.RoutingLoop), Index(InsideDrop.KeysWiped), Index(InsideDrop.UdpRefused),
    ];

    /// <summary>The name of each reason that there is, by index.</summary>
    public static IReadOnlyList<string> ReasonNames => AllNames;

    /// <summary>Of packets whose source address another peer has learned.</summary>
    public static int ConflictIndex => Index(SourceVerdict.Conflict);

    /// <summary>As <see cref="NonZero"/> names it.</summary>
    public static string NameOf(SourceVerdict verdict) => SourceNames[(int)verdict];

    public void Add(DropReason reason, int packets = 1) => Add(Index(reason), packets);

    public void Add(SourceVerdict verdict) => Add(Index(verdict), 1);

    public void Add(InsideDrop reason, int packets = 1) => Add(Index(reason), packets);

    /// <summary>All counts by index, as they are now.</summary>
    public DropCounts Counts() => new((long[]?)Volatile.Read(ref _counts)?.Clone());

    /// <summary>The reasons that occurred, as the UAPI names them.</summary>
    public IEnumerable<(string Reason, long Count)> NonZero() =>
        AllNames.Zip(Volatile.Read(ref _counts) ?? []).Where(pair => pair.Second != 0);

    private static int Index(DropReason reason) => (int)reason;

    private static int Index(SourceVerdict verdict) => OutsideNames.Length + (int)verdict;

    private static int Index(InsideDrop reason) => OutsideNames.Length + SourceNames.Length + (int)reason;

    private void Add(int index, int packets)
    {
        if (packets == 0)
        {
            return;
        }

        long[]? counts = Volatile.Read(ref _counts);
        if (counts is null)
        {
            counts = new long[AllNames.Length];
            counts = Interlocked.CompareExchange(ref _counts, counts, null) ?? counts;
        }

        Interlocked.Add(ref counts[index], packets);
    }

    // BadTag → bad_tag
    private static string[] Names<T>(int count)
        where T : struct, Enum
    {
        string[] names = new string[count];
        for (int i = 0; i < count; i++)
        {
            var name = new StringBuilder();
            foreach (char c in Enum.ToObject(typeof(T), (byte)i).ToString()!)
            {
                if (char.IsUpper(c) && name.Length > 0)
                {
                    name.Append('_');
                }

                name.Append(char.ToLowerInvariant(c));
            }

            names[i] = name.ToString();
        }

        return names;
    }
}

/// <summary>Packets dropped by reason, at one moment.</summary>
/// <param name="counts">By index; null if nothing was ever dropped.</param>
public readonly struct DropCounts(long[]? counts)
{
    /// <param name="reason">An index into <see cref="DropCounters.ReasonNames"/>.</param>
    public long this[int reason] => counts is null ? 0 : counts[reason];
}

/// <summary>Why a packet was dropped that no peer's misbehaviour explains.</summary>
public enum InsideDrop : byte
{
    /// <summary>The packet inside was no whole IPv4 or IPv6 packet.</summary>
    MalformedInside,

    /// <summary>
    /// More than <see cref="StagedPackets.Capacity"/> packets waited for a handshake, or the handshake was given up, or the interface
    /// went down.
    /// </summary>
    StagedOverflow,

    /// <summary>The destination is no peer's.</summary>
    NoRoute,

    /// <summary>The peer has no endpoint yet.</summary>
    NoEndpoint,

    /// <summary>It was one of our own outside datagrams: the route to the peer's endpoint leads into the tunnel.</summary>
    RoutingLoop,

    /// <summary>The interface did not take the packet.</summary>
    TunRefused,

    /// <summary>Its keys ended after they had been chosen for it: newer ones took their place, or the interface went down.</summary>
    KeysWiped,

    /// <summary>
    /// The kernel did not send it outside: no route, a firewall's rule, a full buffer. A peer's if it had waited for a handshake; packets
    /// that did not wait leave many together, and are the device's.
    /// </summary>
    UdpRefused,

    Count,
}
