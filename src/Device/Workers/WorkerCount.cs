namespace WgNet.Device;

/// <summary>How many workers a direction has, as the UAPI and configuration files say it.</summary>
public static class WorkerCount
{
    /// <summary>
    /// Inbound workers look at the replay window before their turn to write. While the kernel's scheduler holds one of them up, each
    /// of the others can open one batch of <see cref="Udp.ReceiveBatch.MostDatagrams"/> that came later; with one worker more, those
    /// would be further ahead than the window is wide, and packets held up be taken for replays.
    /// </summary>
    public const int Most = 7;

    /// <summary>What is in force where a device is not told otherwise.</summary>
    public const int Automatic = 0;

    public const string Expected = "expected 1 to 7 workers a direction, or 0 to go by the number of cores";

    /// <summary>Half of the cores for each direction, and at most four, since reading and writing stay one worker's at a time.</summary>
    public static int ByCores => Math.Clamp(Environment.ProcessorCount / 2, 1, 4);
}
