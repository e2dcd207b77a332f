using System.Buffers;
using System.Buffers.Text;
using System.Text;
using WgNet.Protocol;

namespace WgNet.Uapi;

/// <summary>Writes <c>key=value</c> lines. Keys in hexadecimal never become strings, so that the buffer's owner can wipe them.</summary>
internal static class UapiLine
{
    /// <summary>Characters, so that the line is one that a reader takes.</summary>
    public const int MaxReasonLength = 1000;

    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> key, ReadOnlySpan<char> value)
    {
        Span<byte> line = output.GetSpan(key.Length + Encoding.UTF8.GetMaxByteCount(value.Length) + 2);
        key.CopyTo(line);
        line[key.Length] = (byte)'=';
        int length = key.Length + 1;
        // All but the paths of key files is ASCII: addresses, host names, names of drop reasons.
        length += Encoding.UTF8.GetBytes(value, line[length..]);
        line[length++] = (byte)'\n';
        output.Advance(length);
    }

    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> key, long value)
    {
        const int MostDigits = 20;
        Span<byte> line = output.GetSpan(key.Length + MostDigits + 2);
        key.CopyTo(line);
        line[key.Length] = (byte)'=';
        int length = key.Length + 1;
        _ = Utf8Formatter.TryFormat(value, line[length..], out int digits);
        length += digits;
        line[length++] = (byte)'\n';
        output.Advance(length);
    }

    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> key, in PublicKey value)
    {
        Span<byte> bytes = stackalloc byte[PublicKey.Size];
        value.CopyTo(bytes);
        WriteHex(output, key, bytes);
    }

    public static void WriteHex(IBufferWriter<byte> output, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Span<byte> line = output.GetSpan(key.Length + (value.Length * 2) + 2);
        key.CopyTo(line);
        line[key.Length] = (byte)'=';
        int length = key.Length + 1;
        foreach (byte b in value)
        {
            line[length++] = HexDigit(b >> 4);
            line[length++] = HexDigit(b & 15);
        }

        line[length++] = (byte)'\n';
        output.Advance(length);
    }

    // Arithmetic instead of a table: the digits may be those of a private key.
    private static byte HexDigit(int nibble) => (byte)('0' + nibble + (((9 - nibble) >> 31) & ('a' - '0' - 10)));
}
