using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// BLAKE2s (RFC 7693), plain and keyed, of 1 to 32 bytes of output. The 4×4 state is kept as four vectors, one a row,
/// so that a round's four column mixes are one vector mix, and its four diagonal ones another after rotating the rows.
/// </summary>
/// <remarks>A mutable value: pass it by reference. <see cref="Finish"/> wipes it; nothing is allocated.</remarks>
[StructLayout(LayoutKind.Auto)]
public struct Blake2s
{
    public const int HashSize = 32;
    public const int MaxKeySize = 32;
    public const int BlockSize = 64;

    private Vector128<uint> _low;    // h[0..3]
    private Vector128<uint> _high;   // h[4..7]
    private ulong _compressed;       // bytes compressed so far: the t counter
    private int _buffered;
    private int _outputLength;
    private Block _buffer;           // the last block stays here until Finish, which marks it final

    /// <param name="outputLength">1 to 32 bytes; it changes the hash, not only its length.</param>
    public Blake2s(int outputLength)
        : this(outputLength, default)
    {
    }

    /// <param name="outputLength">1 to 32 bytes.</param>
    /// <param name="key">At most 32 bytes; empty means unkeyed.</param>
    public Blake2s(int outputLength, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(outputLength, HashSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, MaxKeySize, nameof(key));

        _outputLength = outputLength;
        // The parameter block: digest length, key length, fanout 1, depth 1, and zeros.
        _low = IvLow ^ Vector128.CreateScalar(0x0101_0000u | ((uint)key.Length << 8) | (uint)outputLength);
        _high = IvHigh;
        if (!key.IsEmpty)
        {
            Span<byte> buffer = _buffer;
            key.CopyTo(buffer);
            _buffered = BlockSize;
        }
    }

    private static Vector128<uint> IvLow => Vector128.Create(0x6A09E667u, 0xBB67AE85u, 0x3C6EF372u, 0xA54FF53Au);

    private static Vector128<uint> IvHigh => Vector128.Create(0x510E527Fu, 0x9B05688Cu, 0x1F83D9ABu, 0x5BE0CD19u);

    // Which message word each mix takes, a row a round. Unlike the RFC's table, a row is in the order in which
    // vectors are filled: first then second words of the columns, first then second words of the diagonals.
    private static ReadOnlySpan<byte> Schedule =>
    [
        0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15,
        14, 4, 9, 13, 10, 8, 15, 6, 1, 0, 11, 5, 12, 2, 7, 3,
        11, 12, 5, 15, 8, 0, 2, 13, 10, 3, 7, 9, 14, 6, 1, 4,
        7, 3, 13, 11, 9, 1, 12, 14, 2, 5, 4, 15, 6, 10, 0, 8,
        9, 5, 2, 10, 0, 7, 4, 15, 14, 11, 6, 3, 1, 12, 8, 13,
        2, 6, 0, 8, 12, 10, 11, 3, 4, 7, 15, 1, 13, 5, 14, 9,
        12, 1, 14, 4, 5, 15, 13, 10, 0, 6, 9, 8, 7, 3, 2, 11,
        13, 7, 12, 3, 11, 14, 1, 9, 5, 15, 8, 2, 0, 4, 6, 10,
        6, 14, 11, 0, 15, 9, 3, 8, 12, 13, 1, 10, 2, 7, 4, 5,
        10, 8, 7, 1, 2, 4, 6, 5, 15, 9, 3, 13, 11, 14, 12, 0,
    ];

    /// <summary>BLAKE2s-256 of <paramref name="data"/>, which may overlap <paramref name="output"/>.</summary>
    public static void Hash(ReadOnlySpan<byte> data, Span<byte> output) => Hash(data, default, output);

    /// <summary>BLAKE2s-256 of two pieces, one after the other; either may overlap <paramref name="output"/>.</summary>
    public static void Hash(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> output)
    {
        var hash = new Blake2s(HashSize);
        hash.Update(first);
        hash.Update(second);
        hash.Finish(output);
    }

    /// <summary>Keyed BLAKE2s of as many bytes as <paramref name="output"/> has: WireGuard's Mac with 16 of them.</summary>
    public static void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> output)
    {
        var mac = new Blake2s(output.Length, key);
        mac.Update(data);
        mac.Finish(output);
    }

    public void Update(ReadOnlySpan<byte> data)
    {
        Span<byte> buffer = _buffer;
        while (data.Length > BlockSize - _buffered)
        {
            int room = BlockSize - _buffered;
            data[..room].CopyTo(buffer[_buffered..]);
            data = data[room..];
            _compressed += BlockSize;
            Compress(buffer, isLast: false);
            _buffered = 0;
        }

        data.CopyTo(buffer[_buffered..]);
        _buffered += data.Length;
    }

    /// <summary>Writes the hash to <paramref name="output"/> (of exactly the constructor's length) and wipes this instance.</summary>
    public void Finish(Span<byte> output)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(output.Length, _outputLength, nameof(output));

        Span<byte> buffer = _buffer;
        buffer[_buffered..].Clear();
        _compressed += (uint)_buffered;
        Compress(buffer, isLast: true);

        Span<byte> hash = stackalloc byte[HashSize];
        _low.AsByte().CopyTo(hash);
        _high.AsByte().CopyTo(hash[16..]);
        hash[.._outputLength].CopyTo(output);
        CryptographicOperations.ZeroMemory(hash);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref this, 1)));
    }

    private void Compress(ReadOnlySpan<byte> block, bool isLast)
    {
        Debug.Assert(BitConverter.IsLittleEndian && block.Length == BlockSize, "Blocks are read as they lie in memory.");
        ReadOnlySpan<uint> m = MemoryMarshal.Cast<byte, uint>(block);

        Vector128<uint> a = _low;
        Vector128<uint> b = _high;
        Vector128<uint> c = IvLow;
        Vector128<uint> d = IvHigh ^ Vector128.Create((uint)_compressed, (uint)(_compressed >> 32), isLast ? uint.MaxValue : 0, 0);

        for (ReadOnlySpan<byte> s = Schedule; !s.IsEmpty; s = s[16..])
        {
            Mix(
                ref a,
                ref b,
                ref c,
                ref d,
                Vector128.Create(m[s[0]], m[s[1]], m[s[2]], m[s[3]]),
                Vector128.Create(m[s[4]], m[s[5]], m[s[6]], m[s[7]]));

            // Diagonals become columns, and columns again.
            b = Vector128.Shuffle(b, Vector128.Create(1u, 2, 3, 0));
            c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
            d = Vector128.Shuffle(d, Vector128.Create(3u, 0, 1, 2));
            Mix(
                ref a,
                ref b,
                ref c,
                ref d,
                Vector128.Create(m[s[8]], m[s[9]], m[s[10]], m[s[11]]),
                Vector128.Create(m[s[12]], m[s[13]], m[s[14]], m[s[15]]));
            b = Vector128.Shuffle(b, Vector128.Create(3u, 0, 1, 2));
            c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
            d = Vector128.Shuffle(d, Vector128.Create(1u, 2, 3, 0));
        }

        _low ^= a ^ c;
        _high ^= b ^ d;
    }

    // RFC 7693's G on four columns at once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(
        ref Vector128<uint> a, ref Vector128<uint> b, ref Vector128<uint> c, ref Vector128<uint> d, Vector128<uint> x, Vector128<uint> y)
    {
        a += b + x;
        d = RotateRight(d ^ a, 16);
        c += d;
        b = RotateRight(b ^ c, 12);
        a += b + y;
        d = RotateRight(d ^ a, 8);
        c += d;
        b = RotateRight(b ^ c, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> RotateRight(Vector128<uint> value, int bits) => (value >>> bits) | (value << (32 - bits));

    [InlineArray(BlockSize)]
    private struct Block
    {
        private byte _first;
    }
}
