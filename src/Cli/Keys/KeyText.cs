using System.Security.Cryptography;
using WgNet.Linux;
using WgNet.Protocol;

namespace WgNet.Cli.Keys;

/// <summary>Keys as base64, and public keys from private ones.</summary>
internal static class KeyText
{
    public const int KeySize = 32;

    /// <summary>44 characters for 32 bytes.</summary>
    public const int Length = 44;

    /// <summary>False unless the text is what wg(8) writes for a key: canonical base64 of 32 bytes, no white space.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> key)
    {
        Span<byte> bytes = stackalloc byte[KeySize + 1];
        Span<char> again = stackalloc char[Length];
        try
        {
            bool ok = text.Length == Length && Convert.TryFromBase64Chars(text, bytes, out int written) && written == KeySize
                && Convert.TryToBase64Chars(bytes[..KeySize], again, out _) && again.SequenceEqual(text);
            if (ok)
            {
                bytes[..KeySize].CopyTo(key);
            }

            return ok;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
            again.Clear();
        }
    }

    public static void WriteLine(TextWriter output, ReadOnlySpan<byte> key)
    {
        Span<char> text = stackalloc char[Length];
        _ = Convert.TryToBase64Chars(key, text, out _);
        output.WriteLine(text);
        text.Clear();
    }

    /// <summary>Fills the 32 bytes with a new private key.</summary>
    public static void NewPrivateKey(Span<byte> key)
    {
        KernelRandom.Fill(key);

        // RFC 7748, section 5: a multiple of 8 between 2^254 and 2^255.
        key[0] &= 248;
        key[31] = (byte)((key[31] & 127) | 64);
    }

    public static PublicKey PublicKeyOf(ReadOnlySpan<byte> privateKey)
    {
        RequireSodium();
        Span<byte> publicKey = stackalloc byte[PublicKey.Size];
        Sodium.X25519Base(privateKey, publicKey);
        return new PublicKey(publicKey);
    }

    /// <summary>Says what to install where the one library that WgNet needs is missing.</summary>
    public static void RequireSodium()
    {
        if (!Sodium.TryInitialize())
        {
            throw new CommandException("libsodium.so.23 is missing: apt-get install libsodium23");
        }
    }
}
