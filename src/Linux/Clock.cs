using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>The clocks of clock_gettime(2). The protocol's time is <see cref="BootTime"/>, which goes on while the machine sleeps.</summary>
public static partial class Clock
{
    private const int CLOCK_REALTIME = 0;
    private const int CLOCK_BOOTTIME = 7;

    /// <summary>Nanoseconds since boot, suspend included; never goes back.</summary>
    public static long BootTime => Read(CLOCK_BOOTTIME);

    /// <summary>Nanoseconds since 1970-01-01 UTC; may jump.</summary>
    public static long WallTime => Read(CLOCK_REALTIME);

    /// <summary>False if there is no such clock (any more).</summary>
    internal static bool TryRead(int clock, out long nanoseconds)
    {
        bool ok = clock_gettime(clock, out Timespec time) == 0;
        nanoseconds = (time.Seconds * 1_000_000_000) + time.Nanoseconds;
        return ok;
    }

    private static long Read(int clock)
    {
        _ = TryRead(clock, out long time);
        return time;
    }

    [LibraryImport("libc")]
    [SuppressGCTransition]
    private static partial int clock_gettime(int clock, out Timespec time);
}
