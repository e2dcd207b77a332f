using System.Security.Cryptography;
using System.Text;
using WgNet.Cli.Keys;

namespace WgNet.Cli.Init;

/// <summary>A text with keys in it, as UTF-8, which is wiped in the end.</summary>
internal sealed class SecretText : IDisposable
{
    private byte[] _bytes = new byte[1024];
    private int _length;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public SecretText Add(string text)
    {
        int count = Encoding.UTF8.GetByteCount(text);
        Reserve(count);
        _length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(_length));
        return this;
    }

    /// <summary>A key in base64.</summary>
    public SecretText AddKey(ReadOnlySpan<byte> key)
    {
        Reserve(KeyText.Length);
        Span<char> text = stackalloc char[KeyText.Length];
        _ = Convert.TryToBase64Chars(key, text, out _);
        _length += Encoding.ASCII.GetBytes(text, _bytes.AsSpan(_length));
        text.Clear();
        return this;
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);

    private void Reserve(int count)
    {
        if (_length + count > _bytes.Length)
        {
            byte[] larger = new byte[Math.Max(_bytes.Length * 2, _length + count)];
            Bytes.CopyTo(larger);
            CryptographicOperations.ZeroMemory(_bytes);
            _bytes = larger;
        }
    }
}
