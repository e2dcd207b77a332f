using System.Security.Cryptography;
using WgNet.Cli.Keys;
using WgNet.Protocol;

namespace WgNet.Cli.Doctor;

/// <summary>What is asked of keys, so that no secret gets further than this.</summary>
internal static class KeyFacts
{
    private const int ShownLength = 8;

    /// <summary>A public key as it is named in findings.</summary>
    public static string Short(PublicKey key) => $"peer {key.ToString()[..ShownLength]}…";

    /// <summary>Whether what stands as a peer's public key is the private key.</summary>
    public static bool IsSame(PublicKey key, ReadOnlySpan<byte> privateKey)
    {
        Span<byte> bytes = stackalloc byte[PublicKey.Size];
        key.CopyTo(bytes);
        bool isSame = privateKey.Length == bytes.Length && CryptographicOperations.FixedTimeEquals(bytes, privateKey);
        CryptographicOperations.ZeroMemory(bytes);
        return isSame;
    }

    public static bool IsZero(ReadOnlySpan<byte> key) => !key.ContainsAnyExcept((byte)0);

    /// <summary>Whether it has the bits that RFC 7748 section 5 gives a private key. One public key in 32 has them by accident.</summary>
    public static bool HasPrivateShape(ReadOnlySpan<byte> key) => (key[0] & 0b111) == 0 && (key[^1] >> 6) == 0b01;

    /// <summary>Null where libsodium is missing.</summary>
    public static PublicKey? PublicOf(ReadOnlySpan<byte> privateKey) =>
        !IsZero(privateKey) && WgNet.Linux.Sodium.TryInitialize() ? KeyText.PublicKeyOf(privateKey) : null;
}
