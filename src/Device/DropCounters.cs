using System.Text;
using WgNet.Learning;
using WgNet.Protocol;

namespace WgNet.Device;

/// <summary>
/// Packets dropped, by reason. Thread-safe.
/// </summary>
public sealed class DropCounters
{
    private static readonly string[] OutsideNames = Names<DropReason>((int)DropReason.Count);
    private static readonly string[] SourceNames = Names<SourceVerdict>((int)SourceVerdict.Count);
    private static readonly string[] InsideNames = Names<InsideDrop>((int)InsideDrop.Count);

    private readonly long[] _outside = new long[(int)DropReason.Count];
    private readonly long[] _source = new long[(int)SourceVerdict.Count];
    private readonly long[] _inside = new long[(int)InsideDrop.Count];

    public void Add(DropReason reason, int packets = 1) => Interlocked.Add(ref _outside[(int)reason], packets);

    public void Add(SourceVerdict verdict) => Interlocked.Increment(ref _source[(int)verdict]);

    public void Add(InsideDrop reason, int packets = 1) => Interlocked.Add(ref _inside[(int)reason], packets);

    /// <summary>The reasons that occurred, as the UAPI names them.</summary>
    public IEnumerable<(string Reason, long Count)> NonZero() =>
        OutsideNames.Zip(_outside).Concat(SourceNames.Zip(_source)).Concat(InsideNames.Zip(_inside)).Where(pair => pair.Second != 0);

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
