using System.Diagnostics;

namespace WgNet.TestBed;

public static class Wait
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    /// <summary>Throws <see cref="TimeoutException"/> if <paramref name="condition"/> does not come true in time.</summary>
    public static void Until(Func<bool> condition, TimeSpan timeout, Func<string> failure)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > timeout)
            {
                throw new TimeoutException(failure());
            }

            Thread.Sleep(Step);
        }
    }

    public static void Until(Func<bool> condition, TimeSpan timeout, string failure) =>
        Until(condition, timeout, () => failure);
}
