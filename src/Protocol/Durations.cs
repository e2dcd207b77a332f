namespace WgNet.Protocol;

/// <summary>One table's <see cref="ProtocolOptions"/> in nanoseconds, and the times that follow from them.</summary>
internal sealed class Durations(ProtocolOptions options)
{
    /// <summary>A moment so long ago that everything has expired since, without overflow when it is subtracted.</summary>
    public const long Never = long.MinValue / 2;

    public long RekeyAfter { get; } = Nanoseconds(options.RekeyAfterTime);

    public long RejectAfter { get; } = Nanoseconds(options.RejectAfterTime);

    public long RekeyTimeout { get; } = Nanoseconds(options.RekeyTimeout);

    public long Keepalive { get; } = Nanoseconds(options.KeepaliveTimeout);

    /// <summary>After a packet was sent and nothing came back: a keepalive should have, so the peer has lost the session.</summary>
    public long NewHandshake => Keepalive + RekeyTimeout;

    /// <summary>A keypair this old is renewed when data arrives, so that the answer does not meet an expired one.</summary>
    public long LastMinute => RejectAfter - Keepalive - RekeyTimeout;

    public long ZeroKeyMaterial => RejectAfter * Constants.ZeroKeyMaterialFactor;

    /// <summary>The kernel's MAX_TIMER_HANDSHAKES: retries until the attempt time is over.</summary>
    public int MaxTimerHandshakes { get; } = (int)(options.RekeyAttemptTime / options.RekeyTimeout);

    public static bool HasExpired(long since, long duration, long now) => now - since >= duration;

    private static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;
}
