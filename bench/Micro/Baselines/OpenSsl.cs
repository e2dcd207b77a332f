using System.Runtime.InteropServices;

namespace WgNet.Micro.Baselines;

/// <summary>OpenSSL 3's BLAKE2s and HMAC, the hash that .NET and libsodium do not have. Each is one call with a context inside.</summary>
internal static unsafe partial class OpenSsl
{
    private const string Library = "libcrypto.so.3";
    private const int HashSize = 32;

    private static readonly nint Blake2s256 = EVP_blake2s256();

    public static void Blake2s(ReadOnlySpan<byte> data, Span<byte> hash)
    {
        uint size = HashSize;
        fixed (byte* d = data, h = hash)
        {
            _ = EVP_Digest(d, (nuint)data.Length, h, &size, Blake2s256, 0);
        }
    }

    public static void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac)
    {
        uint size = HashSize;
        fixed (byte* k = key, d = data, m = mac)
        {
            _ = HMAC(Blake2s256, k, key.Length, d, (nuint)data.Length, m, &size);
        }
    }

    [LibraryImport(Library)]
    private static partial nint EVP_blake2s256();

    [LibraryImport(Library)]
    private static partial int EVP_Digest(byte* data, nuint count, byte* md, uint* size, nint type, nint engine);

    [LibraryImport(Library)]
    private static partial byte* HMAC(nint type, byte* key, int keyLength, byte* data, nuint dataLength, byte* md, uint* mdLength);
}
