using System.Numerics;
using System.Runtime.CompilerServices;
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
        var lanes = default(ChecksumLanes);
        while (data.Length >= ChecksumLanes.Block)
        {
            lanes.Add(Load(data, 0), Load(data, 1), Load(data, 2), Load(data, 3));
            data = data[ChecksumLanes.Block..];
        }

        while (data.Length >= Vector<byte>.Count)
        {
            lanes.Add(Load(data, 0));
            data = data[Vector<byte>.Count..];
        }

        return lanes.Total + SumTail(data);
    }

    /// <summary>
    /// The same while copying, so that the bytes pass through the processor once. The two must be the same place, or not overlap.
    /// </summary>
    public static ulong CopyAndSum(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        destination = destination[..source.Length];
        var lanes = default(ChecksumLanes);
        while (source.Length >= ChecksumLanes.Block)
        {
            // All loads before the first store: one by one took three times as long.
            Vector<ulong> first = Load(source, 0), second = Load(source, 1), third = Load(source, 2), fourth = Load(source, 3);
            Store(first, destination, 0);
            Store(second, destination, 1);
            Store(third, destination, 2);
            Store(fourth, destination, 3);
            lanes.Add(first, second, third, fourth);
            source = source[ChecksumLanes.Block..];
            destination = destination[ChecksumLanes.Block..];
        }

        while (source.Length >= Vector<byte>.Count)
        {
            Vector<ulong> vector = Load(source, 0);
            Store(vector, destination, 0);
            lanes.Add(vector);
            source = source[Vector<byte>.Count..];
            destination = destination[Vector<byte>.Count..];
        }

        source.CopyTo(destination);
        return lanes.Total + SumTail(source);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<ulong> Load(ReadOnlySpan<byte> source, int index) =>
        Vector.AsVectorUInt64(new Vector<byte>(source[(index * Vector<byte>.Count)..]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector<ulong> vector, Span<byte> destination, int index) =>
        Vector.AsVectorByte(vector).CopyTo(destination[(index * Vector<byte>.Count)..]);
}
