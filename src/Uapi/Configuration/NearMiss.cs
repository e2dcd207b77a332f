namespace WgNet.Uapi;

/// <summary>Guesses which known word a mistyped one was meant to be.</summary>
public static class NearMiss
{
    // Longer words are no typing mistakes, and the cost grows with the product of the lengths.
    private const int MaxLength = 40;

    /// <summary>The nearest of <paramref name="known"/>, if it is near enough to be meant; else null.</summary>
    public static string? Of(string word, IEnumerable<string> known)
    {
        if (word.Length > MaxLength)
        {
            return null;
        }

        (string? nearest, int best) = (null, (word.Length / 3) + 1);
        foreach (string candidate in known)
        {
            int distance = Distance(word.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (distance < best)
            {
                (nearest, best) = (candidate, distance);
            }
        }

        return nearest;
    }

    // Insertions, deletions, replacements, and swaps of neighbours (optimal string alignment).
    private static int Distance(string a, string b)
    {
        Span<int> twoAgo = stackalloc int[MaxLength + 1], last = stackalloc int[MaxLength + 1], now = stackalloc int[MaxLength + 1];
        for (int j = 0; j <= b.Length; j++)
        {
            last[j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            now[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                now[j] = Math.Min(Math.Min(last[j], now[j - 1]) + 1, last[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    now[j] = Math.Min(now[j], twoAgo[j - 2] + 1);
                }
            }

            last.CopyTo(twoAgo);
            now.CopyTo(last);
        }

        return last[b.Length];
    }
}
