using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// ChaCha20 (RFC 8439, section 2.3), a block at a time with 32-bit integers. The reference: written to be compared with the RFC.
/// The nonce's three words are given as a prefix (zero in WireGuard) and a 64-bit counter.
/// </summary>
internal static class ChaCha20Scalar
{
    public const int BlockSize = 64;

    /// <summary>"expand 32-byte k", the first row of every state.</summary>
    public const uint Sigma0 = 0x61707865;
    public const uint Sigma1 = 0x3320646E;
    public const uint Sigma2 = 0x79622D32;
    public const uint Sigma3 = 0x6B206574;

    public const int DoubleRounds = 10;

    /// <summary>XORs <paramref name="data"/> with the key stream that begins at <paramref name="block"/>.</summary>
    [SkipLocalsInit]
    public static void Xor(ReadOnlySpan<byte> key, uint block, uint noncePrefix, ulong counter, Span<byte> data)
    {
        Span<byte> keyStream = stackalloc byte[BlockSize];
        for (; !data.IsEmpty; data = data[Math.Min(BlockSize, data.Length)..])
        {
            Block(key, block++, noncePrefix, counter, keyStream);
            int length = Math.Min(BlockSize, data.Length);
            for (int i = 0; i < length; i++)
            {
                data[i] ^= keyStream[i];
            }
        }

        CryptographicOperations.ZeroMemory(keyStream);
    }

    /// <summary>The 64 bytes of key stream at <paramref name="block"/>.</summary>
    [SkipLocalsInit]
    public static void Block(ReadOnlySpan<byte> key, uint block, uint noncePrefix, ulong counter, Span<byte> output)
    {
        //  constants  constants  constants  constants
        //  key        key        key        key
        //  key        key        key        key
        //  block      prefix     counter    counter
        Span<uint> initial =
        [
            Sigma0, Sigma1, Sigma2, Sigma3,
            Word(key, 0), Word(key, 1), Word(key, 2), Word(key, 3),
            Word(key, 4), Word(key, 5), Word(key, 6), Word(key, 7),
            block, noncePrefix, (uint)counter, (uint)(counter >> 32),
        ];
        Span<uint> x = stackalloc uint[16];
        initial.CopyTo(x);
        for (int i = 0; i < DoubleRounds; i++)
        {
            QuarterRound(ref x[0], ref x[4], ref x[8], ref x[12]);
            QuarterRound(ref x[1], ref x[5], ref x[9], ref x[13]);
            QuarterRound(ref x[2], ref x[6], ref x[10], ref x[14]);
            QuarterRound(ref x[3], ref x[7], ref x[11], ref x[15]);

            QuarterRound(ref x[0], ref x[5], ref x[10], ref x[15]);
            QuarterRound(ref x[1], ref x[6], ref x[11], ref x[12]);
            QuarterRound(ref x[2], ref x[7], ref x[8], ref x[13]);
            QuarterRound(ref x[3], ref x[4], ref x[9], ref x[14]);
        }

        for (int i = 0; i < x.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(output[(4 * i)..], x[i] + initial[i]);
        }

        x.Clear();
        initial.Clear();
    }

    private static uint Word(ReadOnlySpan<byte> key, int index) => BinaryPrimitives.ReadUInt32LittleEndian(key[(4 * index)..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuarterRound(ref uint a, ref uint b, ref uint c, ref uint d)
    {
        a += b;
        d = BitOperations.RotateLeft(d ^ a, 16);
        c += d;
        b = BitOperations.RotateLeft(b ^ c, 12);
        a += b;
        d = BitOperations.RotateLeft(d ^ a, 8);
        c += d;
        b = BitOperations.RotateLeft(b ^ c, 7);
    }
}
