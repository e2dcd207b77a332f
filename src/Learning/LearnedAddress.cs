namespace WgNet.Learning;

/// <summary>A learned address as reported.</summary>
/// <param name="AgeNanoseconds">Since the last packet received from it; not negative, exact to a second.</param>
public readonly record struct LearnedAddress(UInt128 Address, long AgeNanoseconds);
