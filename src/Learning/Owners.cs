using System.Runtime.CompilerServices;

namespace WgNet.Learning;

/// <summary>
/// The peers behind the small numbers that the table knows them by. Numbers are given out again, but only after the table has
/// nothing left under them. Reading takes no lock.
/// </summary>
internal sealed class Owners<TPeer>
    where TPeer : class
{
    private readonly Lock _gate = new();
    private readonly Stack<int> _free = new();
    private Owner[] _owners = new Owner[4];
    private int _given;

    public int Add(LearningPeer<TPeer> owner)
    {
        lock (_gate)
        {
            if (!_free.TryPop(out int id))
            {
                id = TakeNew();
            }

            _owners[id].Set(owner);
            return id;
        }
    }

    /// <summary>The caller has taken all of the owner's addresses out of the table, and adds none any more.</summary>
    public void Release(int id)
    {
        lock (_gate)
        {
            _owners[id].Set(null);
            _free.Push(id);
        }
    }

    public void SetTimeout(int id, long timeout)
    {
        lock (_gate)
        {
            _owners[id].SetTimeout(timeout);
        }
    }

    /// <summary>
    /// Who has the address of which a live word was found. The word is read once more after the number was looked up, and the number
    /// once more after the word: so the owner that is returned had the address during the call. Null if the word is not live under
    /// this number any more or the number is another peer's: either the address was moved, or it was nobody's for a moment.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public LearningPeer<TPeer>? Read(in Found found, out TPeer? peer, out long timeout)
    {
        int id = found.Word.Owner;
        LearningPeer<TPeer>? owner = Volatile.Read(ref _owners)[id].Read(out peer, out timeout);
        LearnedWord again = found.ReadAgain();
        bool isSame = again == found.Word || (again.IsLive && again.Owner == id);
        return isSame && Volatile.Read(ref _owners)[id].Is(owner) ? owner : null;
    }

    /// <summary>
    /// Has what <see cref="Read"/> will ask of this number fetched from memory, if there is such a number: the line in which the record
    /// begins. One in four ends in the next.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fetch(int id)
    {
        Owner[] owners = Volatile.Read(ref _owners);
        if ((uint)id < (uint)owners.Length)
        {
            CacheLine.Fetch(in Unsafe.As<Owner, ulong>(ref owners[id]));
        }
    }

    private int TakeNew()
    {
        if (_given == LearnedWord.Owners)
        {
            throw new InvalidOperationException($"more than {LearnedWord.Owners} peers");
        }

        if (_given == _owners.Length)
        {
            // Not in place: readers may be in the old array. What it says stays true until they read the word once more.
            Owner[] longer = new Owner[_owners.Length * 2];
            _owners.CopyTo(longer, 0);
            Volatile.Write(ref _owners, longer);
        }

        return _given++;
    }

    // What a look-up needs to know of an owner, in one place.
    private struct Owner
    {
        private LearningPeer<TPeer>? _learning;
        private TPeer? _peer;
        private long _timeout;

        public readonly LearningPeer<TPeer>? Read(out TPeer? peer, out long timeout)
        {
            LearningPeer<TPeer>? learning = Volatile.Read(in _learning);
            peer = Volatile.Read(in _peer);
            timeout = Volatile.Read(in _timeout);
            return learning;
        }

        public readonly bool Is(LearningPeer<TPeer>? learning) => Volatile.Read(in _learning) == learning;

        // Null stands between two owners, so that whoever finds the same one before and after has read nothing of another.
        public void Set(LearningPeer<TPeer>? learning)
        {
            Volatile.Write(ref _learning, null);
            Volatile.Write(ref _peer, learning?.Peer);
            Volatile.Write(ref _timeout, learning?.LearnTimeout ?? 0);
            Volatile.Write(ref _learning, learning);
        }

        public void SetTimeout(long timeout) => Volatile.Write(ref _timeout, timeout);
    }
}
