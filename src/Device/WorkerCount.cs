namespace WgNet.Device;

/// <summary>How many workers a direction has, as the UAPI and configuration files say it.</summary>
public static class WorkerCount
{
    /// <summary>Each has memory of its own, and all wait for each other's turns.</summary>
    public const int Most = 16;

    /// <summary>What is in force where a device is not told otherwise.</summary>
    public const int Automatic = 0;

    public const string Expected = "expected 1 to 16 workers a direction, or 0 to go by the number of cores";

    /// <summary>Half of the cores for each direction, and at most four, since reading and writing stay one worker's at a time.</summary>
    public static int ByCores => Math.Clamp(Environment.ProcessorCount / 2, 1, 4);
}
