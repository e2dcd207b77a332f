namespace WgNet.Learning;

/// <summary>
/// Address to entry, exact match, at most one entry an address. Lock-free: lookups never wait, write or allocate; changes are a
/// compare-and-swap of one bucket. It grows by moving bucket after bucket to an array of twice the size while everything goes
/// on: see docs/adr/0001-learned-table.md for why this is right.
/// </summary>
internal sealed class LearnedTable<TPeer>(AddressHash hash)
    where TPeer : class
{
    private const int InitialBuckets = 64;
    private const int MaxBuckets = 1 << 28;

    // Enough that a move is over long before the larger array is full, and little enough that no single learn is slow.
    private const int BucketsMovedPerAdd = 8;

    private Buckets _current = new(InitialBuckets, Link<TPeer>.Empty);
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public LearnedEntry<TPeer>? Find(UInt128 address)
    {
        ulong h = hash.Compute(address);
        Buckets buckets = Volatile.Read(ref _current);
        Link<TPeer> bucket = Volatile.Read(ref buckets.Slot(h))!;
        while (bucket.IsFrozen)
        {
            buckets = buckets.Next!;
            if (Volatile.Read(ref buckets.Slot(h)) is not { } moved)
            {
                // Not moved yet, so nobody has changed it since it was frozen.
                break;
            }

            bucket = moved;
        }

        return bucket.Find(address);
    }

    /// <summary>Adds the entry, unless there is one for its address: then that is returned and nothing has changed.</summary>
    public LearnedEntry<TPeer>? TryAdd(LearnedEntry<TPeer> entry)
    {
        ulong h = hash.Compute(entry.Address);
        while (true)
        {
            ref Link<TPeer>? slot = ref WritableSlot(h, out Link<TPeer> bucket);
            if (bucket.Find(entry.Address) is { } existing)
            {
                return existing;
            }

            if (Interlocked.CompareExchange(ref slot, bucket.Prepend(entry), bucket) == bucket)
            {
                break;
            }
        }

        _ = Interlocked.Increment(ref _count);
        Grow();
        return null;
    }

    /// <summary>Whether this call took the entry out: after it, no lookup finds it.</summary>
    public bool Remove(LearnedEntry<TPeer> entry)
    {
        ulong h = hash.Compute(entry.Address);
        while (true)
        {
            ref Link<TPeer>? slot = ref WritableSlot(h, out Link<TPeer> bucket);
            if (!bucket.TryRemove(entry, out Link<TPeer>? without))
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref slot, without, bucket) == bucket)
            {
                _ = Interlocked.Decrement(ref _count);
                return true;
            }
        }
    }

    // Where the bucket lives now, moving it on if it was frozen; and its content, which is not frozen.
    private ref Link<TPeer>? WritableSlot(ulong h, out Link<TPeer> bucket)
    {
        Buckets buckets = Volatile.Read(ref _current);
        while (true)
        {
            ref Link<TPeer>? slot = ref buckets.Slot(h);
            bucket = Volatile.Read(ref slot)!;
            if (!bucket.IsFrozen)
            {
                return ref slot;
            }

            buckets.Move((int)(h & buckets.Mask), hash);
            buckets = buckets.Next!;
        }
    }

    private void Grow()
    {
        Buckets buckets = Volatile.Read(ref _current);
        if (buckets.Next is null)
        {
            if (Count <= buckets.Length || buckets.Length >= MaxBuckets)
            {
                return;
            }

            buckets.BeginMove();
        }

        if (buckets.MoveSome(BucketsMovedPerAdd, hash))
        {
            Volatile.Write(ref _current, buckets.Next!);
        }
    }

    /// <summary>An array of buckets and, while it is being replaced, the one that replaces it.</summary>
    private sealed class Buckets
    {
        private readonly Link<TPeer>?[] _slots;
        private Buckets? _next;
        private int _claimed;
        private int _moved;

        /// <param name="content">What is in each bucket; null when they are to be moved here.</param>
        public Buckets(int length, Link<TPeer>? content)
        {
            _slots = new Link<TPeer>?[length];
            Array.Fill(_slots, content);
        }

        public int Length => _slots.Length;

        public ulong Mask => (ulong)_slots.Length - 1;

        public Buckets? Next => Volatile.Read(ref _next);

        public ref Link<TPeer>? Slot(ulong h) => ref _slots[h & Mask];

        public void BeginMove() => _ = Interlocked.CompareExchange(ref _next, new Buckets(Length * 2, content: null), null);

        /// <summary>Moves a share of the buckets; true for the one call that finds all of them moved.</summary>
        public bool MoveSome(int share, AddressHash hash)
        {
            if (Volatile.Read(ref _claimed) >= Length)
            {
                return false;
            }

            int start = Interlocked.Add(ref _claimed, share) - share;
            int end = Math.Min(start + share, Length);
            for (int i = start; i < end; i++)
            {
                Move(i, hash);
            }

            return start < end && Interlocked.Add(ref _moved, end - start) == Length;
        }

        /// <summary>
        /// Freezes a bucket and puts its content into the two buckets of the next array that it splits into. Any number of threads
        /// may do so at once: the content is frozen, so they would all store the same, and the first one does.
        /// </summary>
        public void Move(int index, AddressHash hash)
        {
            Link<TPeer> bucket = Volatile.Read(ref _slots[index])!;
            while (!bucket.IsFrozen)
            {
                Link<TPeer> frozen = bucket.Freeze();
                Link<TPeer> seen = Interlocked.CompareExchange(ref _slots[index], frozen, bucket)!;
                bucket = seen == bucket ? frozen : seen;
            }

            ulong bit = (ulong)Length;
            Link<TPeer>?[] next = Next!._slots;
            _ = Interlocked.CompareExchange(ref next[index], bucket.Where(hash, bit, isSet: false), null);
            _ = Interlocked.CompareExchange(ref next[index + Length], bucket.Where(hash, bit, isSet: true), null);
        }
    }
}
