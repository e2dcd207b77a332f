namespace WgNet.Micro.Turns;

/// <summary>What one look-up took, in nanoseconds, of each contender in the order of their names.</summary>
/// <param name="Arrangement">How the blocks of look-ups followed each other.</param>
/// <param name="Kind">Whether the addresses were there: hit or miss.</param>
internal sealed record TurnsRow(string Kind, int Addresses, string Arrangement, IReadOnlyList<Quartiles> Nanoseconds);
