namespace WgNet.Uapi;

/// <summary>A control socket that could not be reached, that refused a request, or whose answer makes no sense.</summary>
/// <param name="message">Names the interface and what would help.</param>
/// <param name="errno">Positive, as in errno.h.</param>
public sealed class UapiException(string message, int errno) : Exception(message)
{
    public int Errno { get; } = errno;
}
