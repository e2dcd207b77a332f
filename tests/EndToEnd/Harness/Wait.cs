using System.Diagnostics;

namespace WgNet.EndToEnd.Harness;

public static class Wait
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    /// <summary>Fails the test if <paramref name="condition"/> does not come true in time.</summary>
    public static void Until(Func<bool> condition, TimeSpan timeout, Func<string> failure)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > timeout)
            {
                Assert.Fail(failure());
            }

            Thread.Sleep(Step);
        }
    }

    public static void Until(Func<bool> condition, TimeSpan timeout, string failure) =>
        Until(condition, timeout, () => failure);
}
