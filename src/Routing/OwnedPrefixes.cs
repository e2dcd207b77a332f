using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace WgNet.Routing;

/// <summary>
/// Each owner's prefixes in the order in which it got them: doubly linked lists through one pool of places, 25 bytes each, so that
/// taking one out among a million is a few stores. For the writer alone.
/// </summary>
internal sealed class OwnedPrefixes<TOwner>
    where TOwner : class
{
    private const int None = -1;
    private const int ChunkBits = 10;
    private const int ChunkSize = 1 << ChunkBits;
    private const int FirstSize = 4;

    private readonly Dictionary<TOwner, Ends> _lists = new(ReferenceEqualityComparer.Instance);

    // The first chunk grows; the others have their full size, so that growth moves nothing.
    private readonly List<Place[]> _chunks = [];
    private int _used;
    private int _free = None;

    /// <summary>Appends the prefix to the owner's list; the result is its place.</summary>
    public int Add(TOwner owner, IpPrefix prefix)
    {
        int place = Allocate();
        ref Place added = ref At(place);
        added.Prefix = prefix;
        if (!_lists.TryGetValue(owner, out Ends? list))
        {
            _lists.Add(owner, list = new Ends());
        }

        added.Previous = list.Last;
        added.Next = None;
        _ = list.Last == None ? list.First = place : At(list.Last).Next = place;
        list.Last = place;
        list.Count++;
        return place;
    }

    public void Remove(TOwner owner, int place)
    {
        Ends list = _lists[owner];
        ref Place removed = ref At(place);
        _ = removed.Previous == None ? list.First = removed.Next : At(removed.Previous).Next = removed.Next;
        _ = removed.Next == None ? list.Last = removed.Previous : At(removed.Next).Previous = removed.Previous;
        Free(place);
        if (--list.Count == 0)
        {
            Forget(owner);
        }
    }

    /// <summary>Ends the owner's list.</summary>
    public void RemoveAll(TOwner owner)
    {
        if (_lists.TryGetValue(owner, out Ends? list))
        {
            for (int place = list.First, next; place != None; place = next)
            {
                next = At(place).Next;
                Free(place);
            }

            Forget(owner);
        }
    }

    /// <summary>A copy.</summary>
    [SuppressMessage("Design", "CA1002:Do not expose generic lists", Justification = "A copy: the caller may do with it what it likes.")]
    public List<IpPrefix> Of(TOwner owner)
    {
        List<IpPrefix> prefixes = [];
        if (_lists.TryGetValue(owner, out Ends? list))
        {
            prefixes.EnsureCapacity(list.Count);
            for (int place = list.First; place != None; place = At(place).Next)
            {
                prefixes.Add(At(place).Prefix);
            }
        }

        return prefixes;
    }

    public int Count(TOwner owner) => _lists.TryGetValue(owner, out Ends? list) ? list.Count : 0;

    private ref Place At(int place) => ref _chunks[place >> ChunkBits][place & (ChunkSize - 1)];

    private int Allocate()
    {
        if (_free != None)
        {
            int free = _free;
            _free = At(free).Next;
            return free;
        }

        if (_used == 0)
        {
            _chunks.Add(new Place[FirstSize]);
        }
        else if (_used == _chunks[0].Length && _used < ChunkSize)
        {
            Place[] larger = new Place[_used * 2];
            _chunks[0].CopyTo(larger, 0);
            _chunks[0] = larger;
        }
        else if ((_used & (ChunkSize - 1)) == 0)
        {
            _chunks.Add(new Place[ChunkSize]);
        }

        return _used++;
    }

    private void Free(int place)
    {
        At(place).Next = _free;
        _free = place;
    }

    private void Forget(TOwner owner)
    {
        _ = _lists.Remove(owner);
        if (_lists.Count == 0)
        {
            _chunks.Clear();
            _used = 0;
            _free = None;
        }
    }

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct Place
    {
        private const byte IPv4 = 129;

        public int Previous;
        public int Next;
        private PrefixKey _key;

        // The length, and beyond those of IPv6 the lengths of IPv4.
        private byte _kind;

        public IpPrefix Prefix
        {
            readonly get => _key.ToPrefix(_kind < IPv4 ? _kind : _kind - IPv4, isIPv4: _kind >= IPv4);
            set
            {
                _key = new PrefixKey(value);
                _kind = (byte)(value.IsIPv4 ? IPv4 + value.Length : value.Length);
            }
        }
    }

    private sealed class Ends
    {
        public int First { get; set; } = None;

        public int Last { get; set; } = None;

        public int Count { get; set; }
    }
}
