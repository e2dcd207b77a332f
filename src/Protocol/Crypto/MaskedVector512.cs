using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace WgNet.Protocol;

/// <summary>Loads, stores and XORs of fewer than 64 bytes: a masked-out byte is not touched, even where there is no memory.</summary>
internal static unsafe class MaskedVector512
{
    /// <summary>The mask of the first <paramref name="count"/> bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> First(int count) => Vector512.LessThan(
        Vector512.Create(
            (byte)0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
            32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63),
        Vector512.Create((byte)count));

    /// <summary>Zeros where the mask is clear.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load(byte* address, Vector512<byte> mask) => Avx512BW.MaskLoad(address, mask, Vector512<byte>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* address, Vector512<byte> mask, Vector512<byte> value) => Avx512BW.MaskStore(address, mask, value);

    /// <summary>data ^= keyStream, of which 64 bytes past the end may be read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Xor(byte* data, byte* keyStream, int length)
    {
        for (; length >= Vector512<byte>.Count; length -= Vector512<byte>.Count)
        {
            (Vector512.Load(data) ^ Vector512.Load(keyStream)).Store(data);
            data += Vector512<byte>.Count;
            keyStream += Vector512<byte>.Count;
        }

        if (length > 0)
        {
            Vector512<byte> mask = First(length);
            Store(data, mask, Load(data, mask) ^ Vector512.Load(keyStream));
        }
    }
}
