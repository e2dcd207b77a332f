using System.Runtime.CompilerServices;
using WgNet.Linux;

namespace WgNet.Udp;

/// <summary>
/// Datagrams on their way to the kernel, built in place by one sender. Equal ones to one endpoint become one entry,
/// which the kernel splits (UDP_SEGMENT): one call through the stack instead of dozens.
/// </summary>
public sealed class SendBatch : IDisposable
{
    /// <summary>UDP_MAX_SEGMENTS as it first was; newer kernels take 128, and gain nothing from it at the usual sizes.</summary>
    public const int MaxSegments = 64;

    /// <summary>Payload of one entry. The limit is 65,535 less headers, IPv6 extension headers included.</summary>
    public const int MaxEntryLength = 65000;

    private readonly SendEntry[] _entries;
    private int _used;

    /// <param name="bytes">Room for datagrams.</param>
    /// <param name="entries">Room for runs of them.</param>
    public SendBatch(int bytes = 256 << 10, int entries = 128)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(entries);
        Buffer = new NativeBuffer(bytes);
        _entries = new SendEntry[entries];
        Vector = new MessageVector(entries);
        PieceVector = new MessageVector(MaxSegments);
    }

    public NativeBuffer Buffer { get; }

    /// <summary>Bytes that can still be reserved; 0 also when there is no room for another entry.</summary>
    public int Free => Count == _entries.Length ? 0 : Buffer.Length - _used;

    /// <summary>Entries.</summary>
    public int Count { get; private set; }

    public bool IsEmpty => Count == 0;

    /// <summary>How often sending this batch has waited for a full socket buffer.</summary>
    public int Waits { get; internal set; }

    /// <summary>Datagrams, of all entries.</summary>
    public int Datagrams
    {
        get
        {
            int number = 0;
            foreach (ref readonly SendEntry entry in _entries.AsSpan(0, Count))
            {
                number += entry.Datagrams;
            }

            return number;
        }
    }

    /// <summary>Entries that can still be begun.</summary>
    public int FreeEntries => _entries.Length - Count;

    /// <summary>A message for each entry.</summary>
    internal MessageVector Vector { get; }

    /// <summary>A message for each datagram of one entry, for when the kernel does not split it.</summary>
    internal MessageVector PieceVector { get; }

    public ref readonly SendEntry this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return ref _entries[index];
        }
    }

    /// <summary>The place of the next datagram. Nothing is sent of it before <see cref="Append"/>.</summary>
    public Span<byte> Reserve(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Free);
        return Buffer.Slice(_used, length);
    }

    /// <summary>Commits what was written to the place last reserved, or less of it.</summary>
    public void Append(Endpoint to, int length, byte ecn)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Free);
        AppendAt(to, _used, length, ecn);
        _used += length;
    }

    /// <summary>
    /// Commits a datagram wherever in <see cref="Buffer"/> it lies, for a sender that divides the memory itself and reserves none of
    /// it. What follows its predecessor there may join it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AppendAt(Endpoint to, int offset, int length, byte ecn)
    {
        ArgumentNullException.ThrowIfNull(to);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (Count > 0 && Joins(in _entries[Count - 1], to, offset, length, ecn))
        {
            ref SendEntry last = ref _entries[Count - 1];
            last = last with { Length = last.Length + length };
        }
        else
        {
            _entries[Count++] = new SendEntry(to, offset, length, length, ecn);
        }
    }

    /// <summary>Forgets everything that was appended.</summary>
    public void Clear()
    {
        // Entries keep their endpoints alive until they are overwritten: few, and not worth clearing for each batch.
        Count = 0;
        _used = 0;
    }

    public void Dispose()
    {
        Vector.Dispose();
        PieceVector.Dispose();
        Buffer.Dispose();
    }

    // Only the last datagram of a run may be shorter, so a run ends with the first that is.
    private static bool Joins(in SendEntry entry, Endpoint to, int offset, int length, byte ecn) =>
        length > 0 && length <= entry.SegmentSize
        && entry.Offset + entry.Length == offset
        && entry.Length % entry.SegmentSize == 0
        && entry.Length / entry.SegmentSize < MaxSegments
        && entry.Length + length <= MaxEntryLength
        && entry.Ecn == ecn
        && (ReferenceEquals(entry.To, to) || entry.To.EqualsWithSource(to));
}
