namespace WgNet.Learning;

/// <summary>A learned address as reported, and as it is handed to <see cref="AddressLearner{TPeer}.Restore"/>.</summary>
public readonly record struct LearnedAddress
{
    public required UInt128 Address { get; init; }

    /// <summary>Since the last packet received from it; not negative, exact to a second.</summary>
    public required long AgeNanoseconds { get; init; }

    /// <summary>Since the packet that taught it.</summary>
    public required long FirstSeenNanoseconds { get; init; }

    /// <summary>Received from it and delivered.</summary>
    public required long Packets { get; init; }

    /// <summary>An administrator keeps it: it does not age and gives way to no other address of its peer.</summary>
    public required bool IsPinned { get; init; }
}
