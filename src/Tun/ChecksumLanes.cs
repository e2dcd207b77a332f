using System.Numerics;
using System.Runtime.CompilerServices;

namespace WgNet.Tun;

/// <summary>
/// A checksum in the making, in vectors as wide as the processor's: the sum of the 32-bit words that go in. The upper words are
/// summed by themselves; the lower ones follow from the sum of all 64-bit lanes, which may wrap, and so cost no operation.
/// </summary>
internal struct ChecksumLanes
{
    // Two of each, for each addition waits for the one before.
    private Vector<ulong> _evenLanes, _oddLanes, _evenUpper, _oddUpper;

    /// <summary>Bytes in the four vectors that <see cref="Add(Vector{ulong}, Vector{ulong}, Vector{ulong}, Vector{ulong})"/> takes.</summary>
    public static int Block => 4 * Vector<byte>.Count;

    public readonly ulong Total
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            Vector<ulong> upper = _evenUpper + _oddUpper;
            return Vector.Sum(_evenLanes + _oddLanes - (upper << 32) + upper);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector<ulong> vector)
    {
        _evenLanes += vector;
        _evenUpper += vector >>> 32;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector<ulong> first, Vector<ulong> second, Vector<ulong> third, Vector<ulong> fourth)
    {
        _evenLanes += first;
        _oddLanes += second;
        _evenUpper += first >>> 32;
        _oddUpper += second >>> 32;
        _evenLanes += third;
        _oddLanes += fourth;
        _evenUpper += third >>> 32;
        _oddUpper += fourth >>> 32;
    }
}
