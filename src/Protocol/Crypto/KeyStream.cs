using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace WgNet.Protocol;

/// <summary>XORs data with key stream that lies in a buffer: for what is shorter than a kernel's blocks, or not yet known to be authentic.</summary>
internal static unsafe class KeyStream
{
    /// <summary>Touches exactly <paramref name="length"/> bytes of both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Xor(byte* data, byte* keyStream, int length)
    {
        // Vector256 is two vectors where there is no AVX2.
        for (; length >= 32; length -= 32, data += 32, keyStream += 32)
        {
            (Vector256.Load(data) ^ Vector256.Load(keyStream)).Store(data);
        }

        if (length >= 16)
        {
            (Vector128.Load(data) ^ Vector128.Load(keyStream)).Store(data);
            length -= 16;
            data += 16;
            keyStream += 16;
        }

        if (length >= 8)
        {
            *(ulong*)data ^= *(ulong*)keyStream;
            length -= 8;
            data += 8;
            keyStream += 8;
        }

        for (; length > 0; length--)
        {
            *data++ ^= *keyStream++;
        }
    }
}
