using System.Security.Cryptography;

namespace WgNet.Uapi;

/// <summary>Wiping of bytes that carry keys.</summary>
public static class SecretExtensions
{
    public static void Wipe(this byte[]? key) => CryptographicOperations.ZeroMemory(key);
}
