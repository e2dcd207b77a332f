namespace WgNet.Linux;

/// <summary>One secret's memory out of <see cref="SecretPages"/>.</summary>
public sealed unsafe class SecretCell : IDisposable
{
    private readonly SecretPages _pages;
    private readonly byte* _pointer;
    private readonly int _length;
    private int _disposed;

    internal SecretCell(SecretPages pages, byte* pointer, int length)
    {
        _pages = pages;
        _pointer = pointer;
        _length = length;
    }

    ~SecretCell() => Free();

    /// <summary>Stays readable after disposal, when it holds random bytes: see <see cref="SecretPages"/>.</summary>
    public Span<byte> Span => new(_pointer, _length);

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _pages.Free(_pointer, _length);
        }
    }
}
