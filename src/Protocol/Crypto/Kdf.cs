using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// The whitepaper's Kdf1, Kdf2 and Kdf3 (section 5.4): HKDF (RFC 5869) with HMAC-BLAKE2s, the chaining key as salt and
/// no info. Every output is 32 bytes; one of them may be where the chaining key or the input lies, for both are read first.
/// </summary>
public static class Kdf
{
    public static void Derive1(ReadOnlySpan<byte> chainingKey, ReadOnlySpan<byte> input, Span<byte> output1) =>
        Derive(chainingKey, input, output1, default, default);

    public static void Derive2(ReadOnlySpan<byte> chainingKey, ReadOnlySpan<byte> input, Span<byte> output1, Span<byte> output2) =>
        Derive(chainingKey, input, output1, output2, default);

    public static void Derive3(
        ReadOnlySpan<byte> chainingKey, ReadOnlySpan<byte> input, Span<byte> output1, Span<byte> output2, Span<byte> output3) =>
        Derive(chainingKey, input, output1, output2, output3);

    private static void Derive(
        ReadOnlySpan<byte> chainingKey, ReadOnlySpan<byte> input, Span<byte> output1, Span<byte> output2, Span<byte> output3)
    {
        Span<byte> secret = stackalloc byte[Blake2s.HashSize];
        try
        {
            HmacBlake2s.Mac(chainingKey, input, default, secret);
            HmacBlake2s.Mac(secret, [1], default, output1);
            if (!output2.IsEmpty)
            {
                HmacBlake2s.Mac(secret, output1, [2], output2);
            }

            if (!output3.IsEmpty)
            {
                HmacBlake2s.Mac(secret, output2, [3], output3);
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
