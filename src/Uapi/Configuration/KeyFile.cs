using System.Security.Cryptography;
using System.Text;
using WgNet.Linux;

namespace WgNet.Uapi;

/// <summary>A file that holds one key in base64, as <c>wg genkey</c> writes it. Empty (as /dev/null is) means no key.</summary>
public static class KeyFile
{
    /// <summary>Bytes; a device keeps no longer path.</summary>
    public const int MaxPathLength = 1024;

    private const int Base64Length = 44;
    private const int MaxSize = 4096;

    /// <summary>The key, 32 bytes, all zero for an empty file. The caller wipes it.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="FormatException">It holds something else; the message does not quote it.</exception>
    public static byte[] Read(string path) => Read(path, out _);

    /// <param name="isLasting">Whether the key can be read from there again: a regular file, and neither a pipe nor the name of a descriptor.</param>
    /// <inheritdoc cref="Read(string)"/>
    public static byte[] Read(string path, out bool isLasting)
    {
        byte[] content = new byte[MaxSize];
        try
        {
            int length;
            using (FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0))
            {
                isLasting = FileStatus.IsRegularFile((int)file.SafeFileHandle.DangerousGetHandle())
                    && !path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/proc/", StringComparison.Ordinal);
                length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            }

            ReadOnlySpan<byte> text = content.AsSpan(0, length).Trim(" \t\r\n"u8);
            return length == 0 ? new byte[UapiValue.KeySize]
                : length < MaxSize && text.Length == Base64Length && Decode(text) is { } key ? key
                : throw new FormatException("it holds something else than one key, which is 44 characters of base64");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>Whether a path can stand in a configuration file and in a line of the UAPI: absolute, not too long, no control character and no comment.</summary>
    public static bool IsPath(ReadOnlySpan<char> path) =>
        path is ['/', ..] && !path.Contains('#') && path.TrimEnd().Length == path.Length && Encoding.UTF8.GetByteCount(path) <= MaxPathLength
        && !path.ContainsAnyInRange('\0', '\u001f') && !path.ContainsAnyInRange('\u007f', '\u009f');

    /// <summary>Whether a text that should be a path is a key itself, and so nothing to be shown.</summary>
    public static bool IsKey(ReadOnlySpan<char> text)
    {
        byte[]? key = DecodeBase64(text);
        key.Wipe();
        return key is not null;
    }

    private static byte[]? Decode(ReadOnlySpan<byte> text)
    {
        Span<char> characters = stackalloc char[Base64Length];
        _ = Encoding.Latin1.GetChars(text, characters);
        byte[]? key = DecodeBase64(characters);
        characters.Clear();
        return key;
    }

    /// <summary>44 characters of base64 that make 32 bytes, or null.</summary>
    internal static byte[]? DecodeBase64(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[UapiValue.KeySize + 1];
        bool ok = text.Length == Base64Length && Convert.TryFromBase64Chars(text, bytes, out int length) && length == UapiValue.KeySize;
        byte[]? key = ok ? bytes[..UapiValue.KeySize].ToArray() : null;
        CryptographicOperations.ZeroMemory(bytes);
        return key;
    }
}
