namespace WgNet.Device;

/// <summary>
/// The packets of one peer that wait for a keypair: at most <see cref="Capacity"/>, the oldest dropped first, as in the kernel.
/// What all peers of a device stage together is bounded too. Thread-safe; off the packet path, so a lock and an allocation do.
/// One thread at a time sends them, lest they overtake each other.
/// </summary>
internal sealed class StagedPackets(StagingBudget budget)
{
    public const int Capacity = 128;

    private readonly Lock _lock = new();
    private readonly Queue<Packet> _queue = new();
    private int _count;
    private volatile bool _isSending;
    private bool _isClosed;

    /// <summary>
    /// Nothing waits, and nothing that waited is still being sent: a packet that is not staged overtakes none. Takes no lock, for the
    /// packet path. The count is read first: what was taken before is either sent by then or seen to be on its way.
    /// </summary>
    public bool IsEmpty => Volatile.Read(ref _count) == 0 && !_isSending;

    /// <summary>How many wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Adds a copy. Returns how many packets were dropped for it, itself included if there was no room at all.</summary>
    public int Add(ReadOnlySpan<byte> packet, byte ecn)
    {
        int dropped = 0;
        lock (_lock)
        {
            if (_isClosed)
            {
                return 1;
            }

            while (_queue.Count > 0 && (_queue.Count >= Capacity || !budget.Fits(packet.Length)))
            {
                RemoveOldest();
                dropped++;
            }

            if (!budget.TryTake(packet.Length))
            {
                return dropped + 1;
            }

            _queue.Enqueue(new Packet(packet.ToArray(), ecn));
            Volatile.Write(ref _count, _queue.Count);
        }

        return dropped;
    }

    /// <summary>Who sends holds it, waits for who came before, and so sends after that. Never taken where nothing is staged.</summary>
    public Lock Sending { get; } = new();

    /// <summary>Under <see cref="Sending"/>: what is taken is being sent, until it is said to be over.</summary>
    public void BeginSending() => _isSending = true;

    public void EndSending() => _isSending = false;

    public bool TryTake(out byte[] packet, out byte ecn)
    {
        lock (_lock)
        {
            if (_queue.Count == 0)
            {
                packet = [];
                ecn = 0;
                return false;
            }

            (packet, ecn) = RemoveOldest();
            return true;
        }
    }

    /// <summary>Drops all; returns how many.</summary>
    public int Clear()
    {
        lock (_lock)
        {
            int dropped = _queue.Count;
            while (_queue.Count > 0)
            {
                RemoveOldest();
            }

            return dropped;
        }
    }

    /// <summary>The peer is removed. A worker that found it a moment ago may still come with packets, and they must not hold a share of the budget for ever.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            Clear();
        }
    }

    private Packet RemoveOldest()
    {
        Packet oldest = _queue.Dequeue();
        Volatile.Write(ref _count, _queue.Count);
        budget.GiveBack(oldest.Bytes.Length);
        return oldest;
    }

    private readonly record struct Packet(byte[] Bytes, byte Ecn);
}

/// <summary>How many bytes all peers of a device may stage together: a host that scans a large AllowedIPs must not fill the memory.</summary>
internal sealed class StagingBudget(long bytes)
{
    private long _used;

    /// <summary>Bytes that are staged.</summary>
    public long Used => Volatile.Read(ref _used);

    public bool Fits(int length) => Used + length <= bytes;

    public bool TryTake(int length)
    {
        if (Interlocked.Add(ref _used, length) <= bytes)
        {
            return true;
        }

        GiveBack(length);
        return false;
    }

    public void GiveBack(int length) => Interlocked.Add(ref _used, -length);
}
