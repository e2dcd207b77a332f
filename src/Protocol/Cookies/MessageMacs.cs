using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// The last 32 bytes of both handshake messages (whitepaper 5.4.4), and the keys that mac1 and cookie replies take
/// from the public key of whoever receives the message:
/// <code>
/// ... | mac1 16 | mac2 16
/// </code>
/// </summary>
internal static class MessageMacs
{
    public const int MacSize = 16;
    public const int CookieSize = 16;

    private static ReadOnlySpan<byte> LabelMac1 => "mac1----"u8;

    private static ReadOnlySpan<byte> LabelCookie => "cookie--"u8;

    public static void DeriveMac1Key(PublicKey receiver, Span<byte> key) => DeriveKey(LabelMac1, receiver, key);

    public static void DeriveCookieKey(PublicKey receiver, Span<byte> key) => DeriveKey(LabelCookie, receiver, key);

    public static ReadOnlySpan<byte> Mac1(ReadOnlySpan<byte> message) => message[^32..^16];

    /// <summary>Writes the mac1 of <paramref name="message"/> to <paramref name="mac1"/>, which may be its place in it.</summary>
    public static void ComputeMac1(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> mac1) =>
        Blake2s.Mac(key, message[..^32], mac1);

    /// <summary>As <see cref="ComputeMac1"/>; mac2 covers mac1.</summary>
    public static void ComputeMac2(ReadOnlySpan<byte> cookie, ReadOnlySpan<byte> message, Span<byte> mac2) =>
        Blake2s.Mac(cookie, message[..^16], mac2);

    public static bool IsMac1(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message)
    {
        Span<byte> expected = stackalloc byte[MacSize];
        ComputeMac1(key, message, expected);
        return CryptographicOperations.FixedTimeEquals(expected, Mac1(message));
    }

    public static bool IsMac2(ReadOnlySpan<byte> cookie, ReadOnlySpan<byte> message)
    {
        Span<byte> expected = stackalloc byte[MacSize];
        ComputeMac2(cookie, message, expected);
        return CryptographicOperations.FixedTimeEquals(expected, message[^16..]);
    }

    private static void DeriveKey(ReadOnlySpan<byte> label, PublicKey receiver, Span<byte> key)
    {
        Span<byte> bytes = stackalloc byte[PublicKey.Size];
        receiver.CopyTo(bytes);
        Blake2s.Hash(label, bytes, key);
    }
}
