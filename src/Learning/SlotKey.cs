using System.Runtime.Intrinsics;

namespace WgNet.Learning;

/// <summary>An address as the table keeps it: both halves masked by a secret, and the hash that says where it belongs.</summary>
public readonly struct SlotKey
{
    /// <summary>The lower half, then the upper.</summary>
    internal readonly Vector128<ulong> Words;

    internal readonly ulong Hash;

    internal SlotKey(Vector128<ulong> words, ulong hash)
    {
        Words = words;
        Hash = hash;
    }

    internal ulong Low => Words.GetElement(0);

    internal ulong High => Words.GetElement(1);

    /// <summary>
    /// False for the one address in 2^62 whose masked halves look like an empty or a closed slot. Which ones depends on the secret
    /// alone; they cannot be learned.
    /// </summary>
    internal bool IsStorable => Low is not (SlotArray.Empty or SlotArray.Closed) && High != SlotArray.Empty;
}
