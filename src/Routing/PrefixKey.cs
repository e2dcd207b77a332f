using System.Numerics;

namespace WgNet.Routing;

/// <summary>
/// An address, or the bits of a prefix with zeros behind, left-aligned so that both families share the code: an IPv4 address lies
/// in the upper 32 of the 128 bits.
/// </summary>
internal readonly struct PrefixKey(ulong high, ulong low)
{
    private readonly ulong _high = high;
    private readonly ulong _low = low;

    public PrefixKey(IpPrefix prefix)
        : this(prefix.IsIPv4 ? (ulong)prefix.Address << 32 : (ulong)(prefix.Address >> 64), prefix.IsIPv4 ? 0 : (ulong)prefix.Address)
    {
    }

    public IpPrefix ToPrefix(int length, bool isIPv4) => new(isIPv4 ? _high >> 32 : new UInt128(_high, _low), length, isIPv4);

    /// <summary>The six bits behind the first <paramref name="depth"/>, a multiple of six; zeros behind the last bit.</summary>
    public int Chunk(int depth) => depth < 60 ? (int)((_high << depth) >> 58)
        : depth == 60 ? (int)(((_high << 60) >> 58) | (_low >> 62))
        : (int)((_low << (depth - 64)) >> 58);

    /// <summary>Whether the first <paramref name="length"/> bits are the same; at most 127 of them.</summary>
    public bool Agrees(PrefixKey other, int length) => length < 64
        ? (_high ^ other._high) >> 1 >> (63 - length) == 0
        : _high == other._high && (_low ^ other._low) >> 1 >> (127 - length) == 0;

    /// <summary>How many leading bits are the same, 128 at most.</summary>
    public int CommonLength(PrefixKey other) => _high != other._high
        ? BitOperations.LeadingZeroCount(_high ^ other._high)
        : 64 + BitOperations.LeadingZeroCount(_low ^ other._low);
}
