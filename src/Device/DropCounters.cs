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

    /// <summary>As <see cref="NonZero"/> names it.</summary>
    public static string NameOf(SourceVerdict verdict) => SourceNames[(int)verdict];

    public void Add(DropReason reason, int packets = 1) => Add((int)reason, packets);

    public void Add(SourceVerdict verdict) => Add(OutsideNames.Length + (int)verdict, 1);

    public void Add(InsideDrop reason, int packets = 1) => Add(OutsideNames.Length + SourceNames.Length + (int)reason, packets);

    /// <summary>The reasons that occurred, as the UAPI names them.</summary>
    public IEnumerable<(string Reason, long Count)> NonZero() =>
        AllNames.Zip(Volatile.Read(ref _counts) ?? []).Where(pair => pair.Second != 0);

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

/// <summary>Why a packet was dropped that no peer's misbehaviour explains.</summary>
public enum InsideDrop : byte
{
    /// <summary>The packet inside was no whole IPv4 or IPv6 packet.</summary>
    MalformedInside,

    /// <summary>More than <see cref="StagedPackets.Capacity"/> packets waited for a handshake, or the handshake was given up.</summary>
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

    Count,
}
