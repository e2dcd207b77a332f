namespace WgNet.Learning;

/// <summary>How far an array has been moved into the next one: shares are given out and reported done, in any order.</summary>
internal sealed class MoveProgress
{
    private int _begun;
    private int _given;
    private int _done;

    /// <summary>True for the one thread that is to make the next array; others need not, unless they find no room.</summary>
    public bool TryBegin() => Interlocked.Exchange(ref _begun, 1) == 0;

    /// <summary>Some slots that nobody else was given; none when all were given out.</summary>
    public (int Start, int End) Take(int share, int length)
    {
        if (Volatile.Read(ref _given) >= length)
        {
            return (length, length);
        }

        int start = Math.Min(Interlocked.Add(ref _given, share) - share, length);
        return (start, Math.Min(start + share, length));
    }

    /// <summary>Whether these were the last.</summary>
    public bool Done(int slots, int length) => slots > 0 && Interlocked.Add(ref _done, slots) == length;
}
