using System.Numerics;
using System.Runtime.InteropServices;

namespace WgNet.Tun;

/// <summary>
/// The Internet checksum (RFC 1071) in the host's byte order, which the RFC allows: sums are kept unfolded in 64 bits,
/// and a part may be added to another if it begins at an even offset.
/// </summary>
internal static class Checksum
{
    /// <summary>The sum of <paramref name="data"/>.</summary>
    public static ulong Sum(ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<Vector<ulong>> vectors = MemoryMarshal.Cast<byte, Vector<ulong>>(data);
        var mask = new Vector<ulong>(uint.MaxValue);
        Vector<ulong> low = Vector<ulong>.Zero, high = Vector<ulong>.Zero;
        foreach (Vector<ulong> vector in vectors)
        {
            low += vector & mask;
            high += vector >>> 32;
        }

        return Vector.Sum(low + high) + SumTail(data[(vectors.Length * Vector<byte>.Count)..]);
    }

    /// <summary>The same while copying, so that the bytes pass through the processor once.</summary>
    public static ulong CopyAndSum(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ReadOnlySpan<Vector<ulong>> from = MemoryMarshal.Cast<byte, Vector<ulong>>(source);
        Span<Vector<ulong>> to = MemoryMarshal.Cast<byte, Vector<ulong>>(destination[..source.Length]);
        var mask = new Vector<ulong>(uint.MaxValue);
        Vector<ulong> low = Vector<ulong>.Zero, high = Vector<ulong>.Zero;
        for (int i = 0; i < from.Length && i < to.Length; i++)
        {
            Vector<ulong> vector = from[i];
            to[i] = vector;
            low += vector & mask;
            high += vector >>> 32;
        }

        ReadOnlySpan<byte> tail = source[(from.Length * Vector<byte>.Count)..];
        tail.CopyTo(destination[(from.Length * Vector<byte>.Count)..]);
        return Vector.Sum(low + high) + SumTail(tail);
    }

    /// <summary>The pseudo-header of RFC 793 and RFC 8200 section 8.1: addresses, protocol, length.</summary>
    public static ulong PseudoHeader(ReadOnlySpan<byte> addresses, byte protocol, int length) =>
        SumTail(addresses) + BigEndian(protocol) + BigEndian((ushort)length);

    /// <summary>A number as it lies on the wire, for adding to a sum.</summary>
    public static ulong BigEndian(ushort value) =>
        BitConverter.IsLittleEndian ? System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value) : value;

    /// <summary>The sum in 16 bits, not complemented; 0xffff and 0 both stand for zero.</summary>
    public static ushort Fold(ulong sum)
    {
        sum = (sum & uint.MaxValue) + (sum >> 32);
        sum = (sum & ushort.MaxValue) + (sum >> 16);
        sum = (sum & ushort.MaxValue) + (sum >> 16);
        sum = (sum & ushort.MaxValue) + (sum >> 16);
        return (ushort)sum;
    }

    /// <summary>Puts a checksum field: the complement of <paramref name="sum"/>.</summary>
    public static void Write(Span<byte> field, ulong sum)
    {
        ushort value = (ushort)~Fold(sum);
        MemoryMarshal.Write(field, in value);
    }

    /// <summary>The same for UDP, where 0 means "no checksum" and 0xffff is sent instead (RFC 768).</summary>
    public static void WriteNonZero(Span<byte> field, ulong sum)
    {
        ushort value = (ushort)~Fold(sum);
        value = value == 0 ? ushort.MaxValue : value;
        MemoryMarshal.Write(field, in value);
    }

    /// <summary>True for a sum that includes a right checksum field.</summary>
    public static bool IsRight(ulong sum) => Fold(sum) == ushort.MaxValue;

    private static ulong SumTail(ReadOnlySpan<byte> data)
    {
        ulong sum = 0;
        foreach (uint word in MemoryMarshal.Cast<byte, uint>(data))
        {
            sum += word;
        }

        ReadOnlySpan<byte> rest = data[(data.Length & ~3)..];
        if (rest.Length >= 2)
        {
            sum += MemoryMarshal.Read<ushort>(rest);
        }

        // An odd last byte counts as if a zero followed it.
        return (rest.Length & 1) == 0 ? sum : sum + (BitConverter.IsLittleEndian ? rest[^1] : (ulong)rest[^1] << 8);
    }
}
