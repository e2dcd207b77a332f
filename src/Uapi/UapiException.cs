namespace WgNet.Uapi;

/// <summary>A control socket that could not be reached, that refused a request, or whose answer makes no sense.</summary>
/// <param name="message">Names the interface and what would help.</param>
/// <param name="errno">Positive, as in errno.h.</param>
public sealed class UapiException(string message, int errno) : Exception(message)
{
    public int Errno { get; } = errno;

    /// <summary>Which line of a set the device refused, and why, where it says so; the key is null if nothing was refused.</summary>
    public string? RefusedKey { get; init; }

    public string? RefusedReason { get; init; }
}
