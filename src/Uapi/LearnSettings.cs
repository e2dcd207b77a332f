namespace WgNet.Uapi;

/// <summary>The ranges of the learning settings, the same in the UAPI and in configuration files.</summary>
public static class LearnSettings
{
    public const int MaxLimit = 65_536;

    /// <summary>In nanoseconds it still fits a signed 64-bit number.</summary>
    public const long MaxTimeoutSeconds = uint.MaxValue;

    public const string LimitExpected = "expected a number of addresses, 0 to 65536";
}
