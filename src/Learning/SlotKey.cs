using System.Runtime.Intrinsics;

namespace WgNet.Learning;

/// <summary>An address as the table keeps it: both halves masked by a secret, and the hash that says where it belongs.</summary>
internal readonly struct SlotKey(Vector128<ulong> words, ulong hash)
{
    /// <summary>The lower half, then the upper.</summary>
    public readonly Vector128<ulong> Words = words;

    public readonly ulong Hash = hash;

    public ulong Low => Words.GetElement(0);

    public ulong High => Words.GetElement(1);

    /// <summary>
    /// False for the one address in 2^62 whose masked halves look like an empty or a closed slot. Which ones depends on the secret
    /// alone; they cannot be learned.
    /// </summary>
    public bool IsStorable => Low is not (SlotArray.Empty or SlotArray.Closed) && High != SlotArray.Empty;
}
