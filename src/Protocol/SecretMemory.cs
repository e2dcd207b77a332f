namespace WgNet.Protocol;

/// <summary>Memory that holds a secret until it is disposed, which wipes it. Not thread-safe against its own disposal.</summary>
public abstract class SecretMemory : IDisposable
{
    public abstract Span<byte> Span { get; }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Wipes and gives back. Called more than once at most harmlessly.</summary>
    protected abstract void Dispose(bool disposing);
}
