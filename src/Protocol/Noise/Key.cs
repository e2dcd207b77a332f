using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WgNet.Protocol;

/// <summary>32 bytes by value: a key, a hash. Whoever copies a secret one wipes the copy.</summary>
[InlineArray(Size)]
internal struct Key
{
    public const int Size = 32;

    private byte _first;

    /// <summary>Wipes it. The stores stay, for the key's address was handed out; the barrier keeps them in their place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Clear()
    {
        MemoryMarshal.CreateSpan(ref _first, Size).Clear();
        Volatile.WriteBarrier();
    }
}
