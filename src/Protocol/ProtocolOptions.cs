namespace WgNet.Protocol;

/// <summary>
/// The protocol's times, for tests that cannot wait two minutes. Anything but the defaults leaves the protocol:
/// no configuration reaches these.
/// </summary>
public sealed class ProtocolOptions
{
    public TimeSpan RekeyAfterTime { get; init; } = Span(Constants.RekeyAfterTime);

    public TimeSpan RejectAfterTime { get; init; } = Span(Constants.RejectAfterTime);

    public TimeSpan RekeyAttemptTime { get; init; } = Span(Constants.RekeyAttemptTime);

    public TimeSpan RekeyTimeout { get; init; } = Span(Constants.RekeyTimeout);

    public TimeSpan KeepaliveTimeout { get; init; } = Span(Constants.KeepaliveTimeout);

    private static TimeSpan Span(long nanoseconds) => new(nanoseconds / TimeSpan.NanosecondsPerTick);
}
