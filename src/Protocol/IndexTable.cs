using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace WgNet.Protocol;

/// <summary>
/// Which handshake or keypair an index of ours stands for. Indices are 32 random bits (section 5.4.2: they tell an
/// observer nothing and a forger cannot guess them). Readers take no lock and allocate nothing; a handshake's entry
/// becomes its keypair's by one store, so there is no moment at which the index is unknown.
/// </summary>
internal sealed class IndexTable(IPrimitives primitives)
{
    private readonly ConcurrentDictionary<uint, IndexEntry> _entries = new();

    public int Count => _entries.Count;

    public IndexEntry Insert(Session session)
    {
        while (true)
        {
            uint index = 0;
            primitives.RandomBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(new Span<uint>(ref index)));
            var entry = new IndexEntry(index, session);
            if (_entries.TryAdd(index, entry))
            {
                return entry;
            }
        }
    }

    public void Remove(IndexEntry? entry)
    {
        if (entry is not null)
        {
            _entries.TryRemove(new KeyValuePair<uint, IndexEntry>(entry.Index, entry));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public IndexEntry? Find(uint index) => _entries.TryGetValue(index, out IndexEntry? entry) ? entry : null;
}

/// <summary>An index in use: by a handshake until <see cref="Keypair"/> is set, then by that.</summary>
internal sealed class IndexEntry(uint index, Session session)
{
    private Keypair? _keypair;

    public uint Index { get; } = index;

    public Session Session { get; } = session;

    public Keypair? Keypair
    {
        get => Volatile.Read(ref _keypair);
        set => Volatile.Write(ref _keypair, value);
    }
}
