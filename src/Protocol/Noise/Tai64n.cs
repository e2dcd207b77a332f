using System.Buffers.Binary;

namespace WgNet.Protocol;

/// <summary>
/// TAI64N timestamps (12 bytes, big-endian seconds and nanoseconds), by which a responder tells new initiations from
/// replayed ones (whitepaper 5.1). Seconds are the Unix time plus 2^62 + 10, leap seconds ignored, as the kernel has them.
/// </summary>
public static class Tai64n
{
    public const int Size = 12;

    /// <summary>
    /// Stamps are rounded down to this many nanoseconds, so that they do not show the clock's exact state to the network.
    /// A power of two below the shortest interval between initiations, 1/50 s.
    /// </summary>
    public const long Granularity = 1 << 24;

    private const ulong Base = 0x4000_0000_0000_000A;

    /// <summary>The wall time that a stamp made at <paramref name="wallTime"/> stands for: rounded down within its second.</summary>
    public static long Whiten(long wallTime)
    {
        (_, long nanoseconds) = Split(wallTime);
        return wallTime - (nanoseconds % Granularity);
    }

    /// <summary>The smallest whitened time above <paramref name="wallTime"/>.</summary>
    public static long Next(long wallTime) => Whiten(Whiten(wallTime) + Granularity);

    /// <summary>Writes the stamp of <paramref name="wallTime"/>, nanoseconds since the Unix epoch, whitened.</summary>
    public static void Write(long wallTime, Span<byte> destination)
    {
        (long seconds, long nanoseconds) = Split(Whiten(wallTime));
        BinaryPrimitives.WriteUInt64BigEndian(destination, unchecked(Base + (ulong)seconds));
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], (uint)nanoseconds);
    }

    /// <summary>True if <paramref name="stamp"/> is later than <paramref name="other"/>. All zero is before every stamp.</summary>
    public static bool IsAfter(ReadOnlySpan<byte> stamp, ReadOnlySpan<byte> other) => stamp[..Size].SequenceCompareTo(other[..Size]) > 0;

    // Rounds towards the past, for clocks that are set before 1970 too.
    private static (long Seconds, long Nanoseconds) Split(long wallTime)
    {
        (long seconds, long nanoseconds) = Math.DivRem(wallTime, Constants.Second);
        return nanoseconds < 0 ? (seconds - 1, nanoseconds + Constants.Second) : (seconds, nanoseconds);
    }
}
