namespace WgNet.Device;

/// <summary>A configuration that the device refused: why, and the errno that the UAPI answers with.</summary>
/// <param name="message">What was refused and why. Never contains a secret.</param>
/// <param name="errno">Positive, as in errno.h.</param>
public sealed class ConfigurationException(string message, int errno) : Exception(message)
{
    public int Errno { get; } = errno;

    /// <summary>The line of the UAPI that was refused, where it is known.</summary>
    public string? Key { get; init; }
}
