using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>HMAC (RFC 2104) with BLAKE2s-256: the whitepaper's Hmac (section 5.4), which is not BLAKE2s' own keyed mode.</summary>
public static class HmacBlake2s
{
    private const byte InnerPad = 0x36;
    private const byte OuterPad = 0x5C;

    /// <summary>The 32-byte MAC of two pieces, one after the other. Any of the inputs may overlap <paramref name="output"/>.</summary>
    public static void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> output)
    {
        Span<byte> block = stackalloc byte[Blake2s.BlockSize];
        Span<byte> inner = stackalloc byte[Blake2s.HashSize];
        block.Clear();
        try
        {
            if (key.Length > Blake2s.BlockSize)
            {
                Blake2s.Hash(key, block[..Blake2s.HashSize]);
            }
            else
            {
                key.CopyTo(block);
            }

            Xor(block, InnerPad);
            var hash = new Blake2s(Blake2s.HashSize);
            hash.Update(block);
            hash.Update(first);
            hash.Update(second);
            hash.Finish(inner);

            Xor(block, InnerPad ^ OuterPad);
            Blake2s.Hash(block, inner, output);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(block);
            CryptographicOperations.ZeroMemory(inner);
        }
    }

    private static void Xor(Span<byte> block, byte pad)
    {
        foreach (ref byte b in block)
        {
            b ^= pad;
        }
    }
}
