using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>32 bytes by value: a key, a hash. Whoever copies a secret one wipes the copy.</summary>
[InlineArray(Size)]
internal struct Key
{
    public const int Size = 32;

    private byte _first;

    public void Clear() => CryptographicOperations.ZeroMemory(MemoryMarshal.CreateSpan(ref _first, Size));
}
