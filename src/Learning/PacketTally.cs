namespace WgNet.Learning;

/// <summary>
/// One worker's counts of packets by address that are not in the table yet, so that workers which receive from one address do not
/// pull its cache line from each other with every packet. Written through when a second has passed or the place is needed for
/// another address; whoever asks for the counts sees what is here, too. <see cref="Count"/> and <see cref="WriteThrough"/> are the
/// worker's alone.
/// </summary>
public sealed class PacketTally
{
    private const int Places = 128;
    private const long WriteInterval = 1_000_000_000;

    private readonly Pending[] _pending = new Pending[Places];
    private readonly LearnedTable _table;
    private long _writtenAt = long.MinValue;

    internal PacketTally(LearnedTable table) => _table = table;

    /// <summary>Counts packets that were accepted from the address; nothing if it is not learned. Allocates nothing.</summary>
    public void Count(UInt128 source, int packets, long now)
    {
        int life = _table.Packets(source).Life;
        if (life != 0)
        {
            ref Pending pending = ref _pending[Place(source)];
            if (!pending.Is(source, life))
            {
                pending.WriteThrough(_table);
                pending.Begin(source, life);
            }

            pending.Add(packets);
        }

        // The first time only begins the second.
        if (_writtenAt == long.MinValue)
        {
            _writtenAt = now;
        }
        else if (now - _writtenAt >= WriteInterval)
        {
            _writtenAt = now;
            WriteThrough();
        }
    }

    /// <summary>Leaves nothing here: at the end of a worker.</summary>
    public void WriteThrough()
    {
        foreach (ref Pending pending in _pending.AsSpan())
        {
            pending.WriteThrough(_table);
        }
    }

    /// <summary>What is here of an address in one life of it. For any thread.</summary>
    internal long Read(UInt128 address, int life) => _pending[Place(address)].Read(address, life);

    // Interface identifiers are random in their lower bits; where an administrator counts them up, they are next to each other.
    private static int Place(UInt128 address) => (int)(address ^ (address >> 64)) & (Places - 1);

    private struct Pending
    {
        // Odd while the worker gives the place to another address.
        private int _version;
        private int _life;
        private ulong _high;
        private ulong _low;
        private long _packets;

        public readonly bool Is(UInt128 address, int life) => _life == life && _low == (ulong)address && _high == (ulong)(address >> 64);

        public void Begin(UInt128 address, int life)
        {
            Volatile.Write(ref _version, _version + 1);
            Volatile.Write(ref _life, life);
            Volatile.Write(ref _high, (ulong)(address >> 64));
            Volatile.Write(ref _low, (ulong)address);
            Volatile.Write(ref _version, _version + 1);
        }

        public void Add(int packets) => Volatile.Write(ref _packets, _packets + packets);

        // Away from here first: a reader may miss them for a moment, but never counts them twice.
        public void WriteThrough(LearnedTable table)
        {
            long packets = _packets;
            if (packets != 0)
            {
                Volatile.Write(ref _packets, 0);
                table.AddPackets(new UInt128(_high, _low), _life, packets);
            }
        }

        public readonly long Read(UInt128 address, int life)
        {
            int version = Volatile.Read(in _version);
            bool isIt = Volatile.Read(in _life) == life
                && Volatile.Read(in _high) == (ulong)(address >> 64)
                && Volatile.Read(in _low) == (ulong)address;
            long packets = Volatile.Read(in _packets);
            return isIt && version % 2 == 0 && Volatile.Read(in _version) == version ? packets : 0;
        }
    }
}
