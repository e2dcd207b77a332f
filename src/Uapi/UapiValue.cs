using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using WgNet.Protocol;

namespace WgNet.Uapi;

/// <summary>Values as the UAPI writes them, read as strictly as wireguard-go reads them: no signs, no spaces, no half-read numbers.</summary>
internal static class UapiValue
{
    public const int KeySize = 32;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Decimal digits and nothing else, up to <paramref name="max"/>.</summary>
    public static bool TryParseNumber(ReadOnlySpan<char> text, ulong max, out ulong number)
    {
        number = 0;
        foreach (char c in text)
        {
            uint digit = (uint)(c - '0');
            if (digit > Math.Min(9, max) || number > (max - digit) / 10)
            {
                return false;
            }

            number = (number * 10) + digit;
        }

        return !text.IsEmpty;
    }

    /// <summary>64 hexadecimal digits.</summary>
    public static bool TryParseKey(ReadOnlySpan<char> text, Span<byte> key) =>
        text.Length == KeySize * 2
        && Convert.FromHexString(text, key, out _, out int written) == OperationStatus.Done
        && written == KeySize;

    public static bool TryParsePublicKey(ReadOnlySpan<char> text, out PublicKey key) => PublicKey.TryParseHex(text, out key);

    /// <summary>A path as a line of the UAPI has it, whose bytes are UTF-8; empty if there is none, null if it is malformed.</summary>
    /// <param name="latin1">One character a byte.</param>
    public static string? ParsePath(ReadOnlySpan<char> latin1)
    {
        byte[] bytes = new byte[latin1.Length];
        _ = Encoding.Latin1.GetBytes(latin1, bytes);
        try
        {
            string path = StrictUtf8.GetString(bytes);
            return path.Length == 0 || KeyFile.IsPath(path) ? path : null;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>Text as a line of the UAPI has it, whose bytes are UTF-8.</summary>
    /// <param name="latin1">One character a byte.</param>
    public static string Utf8(ReadOnlySpan<char> latin1)
    {
        byte[] bytes = new byte[latin1.Length];
        _ = Encoding.Latin1.GetBytes(latin1, bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>A secret key in an array that the caller owns and wipes; null if the text is none.</summary>
    public static byte[]? ParseSecret(ReadOnlySpan<char> text)
    {
        byte[] key = new byte[KeySize];
        if (TryParseKey(text, key))
        {
            return key;
        }

        CryptographicOperations.ZeroMemory(key);
        return null;
    }
}
