namespace WgNet.Learning;

/// <summary>What a peer gets whose configuration says nothing.</summary>
public static class LearnDefaults
{
    /// <summary>Most learned addresses at a time: a host's stable address and a week of temporary ones, with room.</summary>
    public const int Limit = 16;

    public static TimeSpan Timeout => TimeSpan.FromHours(24);
}
