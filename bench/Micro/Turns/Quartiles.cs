namespace WgNet.Micro.Turns;

/// <summary>The middle of many values, and how far half of them lie around it.</summary>
internal sealed record Quartiles(double Lower, double Median, double Upper)
{
    /// <param name="values">At least one, in any order; sorted by this.</param>
    public static Quartiles Of(Span<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfZero(values.Length, nameof(values));
        values.Sort();
        return new Quartiles(At(values, 0.25), At(values, 0.5), At(values, 0.75));
    }

    // Between two values, in proportion.
    private static double At(ReadOnlySpan<double> sorted, double share)
    {
        double position = share * (sorted.Length - 1);
        int below = (int)position;
        int above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((position - below) * (sorted[above] - sorted[below]));
    }
}
