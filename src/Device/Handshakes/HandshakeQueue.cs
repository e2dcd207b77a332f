using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// What waits for the handshake thread: datagrams from the network, bounded, and requests to initiate, one a peer at most.
/// A full queue drops datagrams; a queue an eighth full means that the device is under load (kernel: queueing/receive.c).
/// </summary>
internal sealed class HandshakeQueue : IDisposable
{
    public const int Capacity = 1024;
    public const int UnderLoadAt = Capacity / 8;

    /// <summary>An initiation: bytes.</summary>
    public const int LongestMessage = 148;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _items = new(0);
    private readonly byte[] _slots = new byte[Capacity * LongestMessage];
    private readonly int[] _lengths = new int[Capacity];
    private readonly Endpoint?[] _sources = new Endpoint?[Capacity];
    private readonly Queue<(Peer Peer, bool IsRetry)> _initiations = new();
    private int _head;
    private int _count;
    private bool _closed;

    /// <summary>Datagrams waiting.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Peers to whom an initiation was asked for, and not yet sent.</summary>
    public int Initiations
    {
        get
        {
            lock (_lock)
            {
                return _initiations.Count;
            }
        }
    }

    public bool HasRoom => Count < Capacity;

    /// <summary>False when the queue is full or the datagram is longer than any handshake message.</summary>
    public bool TryAdd(ReadOnlySpan<byte> datagram, Endpoint source)
    {
        lock (_lock)
        {
            if (_closed || _count == Capacity || datagram.Length > LongestMessage)
            {
                return false;
            }

            int slot = (_head + _count) % Capacity;
            datagram.CopyTo(_slots.AsSpan(slot * LongestMessage));
            _lengths[slot] = datagram.Length;
            _sources[slot] = source;
            Volatile.Write(ref _count, _count + 1);
        }

        _items.Release();
        return true;
    }

    /// <summary>Asks for a handshake initiation to the peer, unless one is asked for already.</summary>
    public void RequestInitiation(Peer peer, bool isRetry)
    {
        if (!peer.RequestInitiation())
        {
            return;
        }

        lock (_lock)
        {
            _initiations.Enqueue((peer, isRetry));
        }

        _items.Release();
    }

    /// <summary>Waits for the next item: a peer to initiate to, or a datagram copied into <paramref name="datagram"/>. False when closed.</summary>
    public bool Take(Span<byte> datagram, out HandshakeItem item)
    {
        _items.Wait();
        lock (_lock)
        {
            item = default;
            if (_closed)
            {
                return false;
            }

            // Our own initiations first: they are few, and a flood from outside must not hold them up.
            if (_initiations.TryDequeue(out (Peer Peer, bool IsRetry) request))
            {
                request.Peer.TakeInitiationRequest();
                item = new HandshakeItem(request.Peer, request.IsRetry, null, 0);
                return true;
            }

            int slot = _head;
            _slots.AsSpan(slot * LongestMessage, _lengths[slot]).CopyTo(datagram);
            item = new HandshakeItem(null, false, _sources[slot], _lengths[slot]);
            _sources[slot] = null;
            _head = (_head + 1) % Capacity;
            Volatile.Write(ref _count, _count - 1);
            return true;
        }
    }

    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
        }

        _items.Release();
    }

    /// <summary>After the last <see cref="Take"/> has returned.</summary>
    public void Dispose() => _items.Dispose();
}

/// <summary>Either a peer to initiate to, or a datagram's source and length.</summary>
internal readonly record struct HandshakeItem(Peer? Initiate, bool IsRetry, Endpoint? Source, int Length);
