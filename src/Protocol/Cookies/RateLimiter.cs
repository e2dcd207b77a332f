using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace WgNet.Protocol;

/// <summary>
/// How many handshake messages a source may have computed for it under load: a token bucket for each IPv4 address or IPv6
/// /64, 20 a second with bursts of 5, as in the kernel. Only sources that proved with a cookie that they receive at
/// their address get this far.
/// </summary>
/// <remarks>
/// The sources lie in one array, found through a hash table of chains and linked in the order of their last message. A source
/// that was quiet until its bucket was full again is forgotten, since a new one would be treated the same; while all
/// places are taken, new sources are refused. Single-threaded: the handshake thread's.
/// </remarks>
internal sealed class RateLimiter
{
    /// <summary>The kernel's bound on machines with memory to spare; about 3 MiB.</summary>
    public const int DefaultMaxSources = 65536;

    private const long PacketCost = Constants.Second / 20;
    private const long MaxTokens = 5 * PacketCost;
    private const int None = -1;
    private const int InitialPlaces = 256;

    private readonly int _maxSources;
    private readonly UInt128 _hashFactor;
    private readonly UInt128 _hashAddend;
    private int[] _chains = new int[InitialPlaces]; // the first entry of each, or None; a power of two of them
    private Entry[] _entries = new Entry[InitialPlaces];
    private int _used;             // entries from here on were never used
    private int _free = None;      // those given back, linked by Next
    private int _oldest = None;
    private int _newest = None;

    /// <param name="primitives">For the secret that keeps senders from choosing addresses which share a chain.</param>
    /// <param name="maxSources">How many are remembered at once.</param>
    public RateLimiter(IPrimitives primitives, int maxSources = DefaultMaxSources)
    {
        _maxSources = maxSources;
        Span<UInt128> secret = stackalloc UInt128[2];
        primitives.RandomBytes(MemoryMarshal.AsBytes(secret));
        (_hashFactor, _hashAddend) = (secret[0], secret[1]);
        _chains.AsSpan().Fill(None);
    }

    /// <summary>How many sources are remembered now.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a message from <paramref name="source"/>, address and port in network order, may be worked on.</summary>
    public bool TryTake(ReadOnlySpan<byte> source, long now)
    {
        ForgetQuiet(now);
        ulong key = KeyOf(source);
        int index = Find(key);
        if (index == None)
        {
            if (Count == _maxSources)
            {
                return false;
            }

            index = Add(key);
            _entries[index].Tokens = MaxTokens;
        }
        else
        {
            ref Entry known = ref _entries[index];
            known.Tokens = Math.Min(MaxTokens, known.Tokens + (now - known.LastMessage));
            Unlink(index);
        }

        ref Entry entry = ref _entries[index];
        entry.LastMessage = now;
        LinkAsNewest(index);
        if (entry.Tokens < PacketCost)
        {
            return false;
        }

        entry.Tokens -= PacketCost;
        return true;
    }

    private static ulong KeyOf(ReadOnlySpan<byte> source) => source.Length == 4 + sizeof(ushort)
        ? 0xFFFF_FFFF_0000_0000 | BinaryPrimitives.ReadUInt32BigEndian(source) // as IPv6 a multicast prefix: nobody's source
        : BinaryPrimitives.ReadUInt64BigEndian(source);

    // Multiply-add-shift, strongly universal: without the secret no set of keys is more likely to collide than another.
    private int ChainOf(ulong key) => (int)(((_hashFactor * key) + _hashAddend) >> 96) & (_chains.Length - 1);

    private int Find(ulong key)
    {
        int index = _chains[ChainOf(key)];
        while (index != None && _entries[index].Key != key)
        {
            index = _entries[index].Next;
        }

        return index;
    }

    private int Add(ulong key)
    {
        int index = _free;
        if (index != None)
        {
            _free = _entries[index].Next;
        }
        else
        {
            if (_used == _entries.Length)
            {
                Grow();
            }

            index = _used++;
        }

        Count++;
        _entries[index].Key = key;
        LinkIntoChain(index);
        return index;
    }

    private void ForgetQuiet(long now)
    {
        while (_oldest != None && now - _entries[_oldest].LastMessage >= MaxTokens)
        {
            int index = _oldest;
            Unlink(index);
            UnlinkFromChain(index);
            _entries[index].Next = _free;
            _free = index;
            Count--;
        }
    }

    // Doubles, so that an interface which is never under load keeps a small table.
    private void Grow()
    {
        Array.Resize(ref _entries, _entries.Length * 2);
        _chains = new int[_entries.Length];
        _chains.AsSpan().Fill(None);
        for (int index = 0; index < _used; index++)
        {
            LinkIntoChain(index);
        }
    }

    private void LinkIntoChain(int index)
    {
        ref int first = ref _chains[ChainOf(_entries[index].Key)];
        _entries[index].Next = first;
        first = index;
    }

    private void UnlinkFromChain(int index)
    {
        ref int link = ref _chains[ChainOf(_entries[index].Key)];
        while (link != index)
        {
            link = ref _entries[link].Next;
        }

        link = _entries[index].Next;
    }

    private void LinkAsNewest(int index)
    {
        ref Entry entry = ref _entries[index];
        (entry.Older, entry.Newer) = (_newest, None);
        (_newest == None ? ref _oldest : ref _entries[_newest].Newer) = index;
        _newest = index;
    }

    private void Unlink(int index)
    {
        Entry entry = _entries[index];
        (entry.Older == None ? ref _oldest : ref _entries[entry.Older].Newer) = entry.Newer;
        (entry.Newer == None ? ref _newest : ref _entries[entry.Newer].Older) = entry.Older;
    }

    private struct Entry
    {
        public ulong Key;
        public long LastMessage;
        public long Tokens;      // nanoseconds of credit
        public int Next;         // in its chain, or among the free
        public int Older;
        public int Newer;
    }
}
