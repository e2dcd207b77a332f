using System.Net;
using System.Runtime.CompilerServices;
using WgNet.Linux;

namespace WgNet.Udp;

/// <summary>
/// What one call of recvmmsg(2) brings, and the memory it comes into. Used by one thread at a time; the messages lie
/// in <see cref="Buffer"/>, to be opened in place, until the next receive.
/// </summary>
public sealed class ReceiveBatch : IDisposable
{
    /// <summary>Room for each message: no UDP payload is longer, joined by the kernel or not. Untouched pages cost nothing.</summary>
    public const int MessageCapacity = 65536;

    public const int DefaultCapacity = 16;

    /// <summary>Datagrams in a batch of the default capacity: the kernel joins at most 64 to a message (udp(7), UDP_GRO; UDP_GRO_CNT_MAX).</summary>
    public const int MostDatagrams = DefaultCapacity * 64;

    private readonly ReceivedMessage[] _messages;
    private readonly Arrival[] _arrivals;
    private int _used;

    public ReceiveBatch(int capacity = DefaultCapacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        Capacity = capacity;
        Buffer = new NativeBuffer(capacity * MessageCapacity);
        Vector = new MessageVector(capacity);
        _used = capacity;
        _messages = new ReceivedMessage[capacity];
        _arrivals = new Arrival[capacity];
    }

    public NativeBuffer Buffer { get; }

    /// <summary>Messages that one receive can bring.</summary>
    public int Capacity { get; }

    public int Count { get; private set; }

    internal MessageVector Vector { get; }

    public ref readonly ReceivedMessage this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return ref _messages[index];
        }
    }

    /// <summary>
    /// Whether a message came from exactly this endpoint, to the very address that <paramref name="endpoint"/> has as its source.
    /// If not, the peer roams to <see cref="EndpointOf"/>. Allocates nothing.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool ComesFrom(int index, Endpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ref readonly Arrival arrival = ref ArrivalOf(index);
        return arrival.Name.SequenceEqual(endpoint.SocketName)
            && arrival.LocalAddress.SequenceEqual(endpoint.SourceAddress)
            && arrival.Interface == endpoint.SourceInterface;
    }

    /// <summary>Where a message came from, with the address it came to as sticky source. Allocates: for roaming and handshakes.</summary>
    public Endpoint EndpointOf(int index)
    {
        ref readonly Arrival arrival = ref ArrivalOf(index);
        if (!SocketName.TryRead(arrival.Name, out IPAddress? address, out ushort port))
        {
            throw new InvalidOperationException("The message has no sender.");
        }

        IPAddress? source = arrival.LocalAddress.IsEmpty ? null : new IPAddress(arrival.LocalAddress);
        return new Endpoint(address, port, source, arrival.Interface);
    }

    public void Clear() => Count = 0;

    /// <summary>Puts a message in by hand, for in-memory twins of the sockets. <paramref name="from"/>'s source is what it came to.</summary>
    public void Add(ReadOnlySpan<byte> message, int segmentSize, byte ecn, Endpoint from)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentOutOfRangeException.ThrowIfLessThan(segmentSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(segmentSize, message.Length);
        int offset = Count * MessageCapacity;
        message.CopyTo(Buffer.Slice(offset, MessageCapacity));
        Commit(new ReceivedMessage(offset, message.Length, segmentSize, ecn), new Arrival(from.SocketName, from.SourceAddress, from.SourceInterface));
    }

    public void Dispose()
    {
        Vector.Dispose();
        Buffer.Dispose();
    }

    /// <summary>
    /// Empties the batch and prepares it for a receive: only the messages that the one before wrote to, since the others still
    /// are. A packet that comes alone finds the cache cold, and would pay for all of them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Prepare()
    {
        Clear();
        for (int i = 0; i < _used; i++)
        {
            Vector.PrepareReceive(i, Buffer, i * MessageCapacity, MessageCapacity);
        }

        _used = 0;
    }

    /// <summary>To be said of every receive that brought something: how many messages the kernel wrote to.</summary>
    internal void SetUsed(int messages) => _used = messages;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Commit(in ReceivedMessage message, in Arrival arrival)
    {
        _messages[Count] = message;
        _arrivals[Count] = arrival;
        Count++;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref readonly Arrival ArrivalOf(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return ref _arrivals[index];
    }
}
