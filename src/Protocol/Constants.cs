namespace WgNet.Protocol;

/// <summary>
/// The whitepaper's constants (section 6.1) and those that the kernel adds to them. Times are nanoseconds.
/// </summary>
public static class Constants
{
    public const long Millisecond = 1_000_000;
    public const long Second = 1000 * Millisecond;

    /// <summary>After this many messages the sender asks for new keys (2^60).</summary>
    public const ulong RekeyAfterMessages = 1UL << 60;

    /// <summary>No message has this counter or one above it (2^64 − 2^13 − 1): the replay window ends before the counter wraps.</summary>
    public const ulong RejectAfterMessages = ulong.MaxValue - (1UL << 13);

    public const long RekeyAfterTime = 120 * Second;
    public const long RejectAfterTime = 180 * Second;
    public const long RekeyAttemptTime = 90 * Second;
    public const long RekeyTimeout = 5 * Second;
    public const long KeepaliveTimeout = 10 * Second;

    /// <summary>Retries are spread over 0–333 ms, so that two peers that start at once do not go on colliding.</summary>
    public const long RekeyTimeoutJitter = Second / 3;

    /// <summary>A peer's initiations closer together than this are a flood: 50 a second at most, as in the kernel.</summary>
    public const long InitiationInterval = Second / 50;

    /// <summary>Keys are zeroed this many times <see cref="RejectAfterTime"/> after they were derived, if no newer ones were.</summary>
    public const int ZeroKeyMaterialFactor = 3;

    internal static ReadOnlySpan<byte> Construction => "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"u8;

    internal static ReadOnlySpan<byte> Identifier => "WireGuard v1 zx2c4 Jason@zx2c4.com"u8;
}
