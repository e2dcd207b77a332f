using System.Globalization;
using System.Text.RegularExpressions;

namespace WgNet.EndToEnd.Harness;

/// <summary>ping(8) inside a host.</summary>
public static partial class Ping
{
    /// <summary>
    /// One echo is answered within eight seconds; the first one of a session waits for its handshake, of which a busy machine may lose a
    /// message: the next try comes after five.
    /// </summary>
    public static void Succeeds(Host from, string to, params string[] options)
    {
        CommandResult result = Once(from, to, 8, options);
        Assert.True(result.Succeeded, result.ToString());
    }

    /// <summary>An echo a second, until one is answered.</summary>
    /// <param name="failure">Says what it means that none was, in time.</param>
    public static void SucceedsWithin(TimeSpan timeout, Host from, string to, Func<string> failure, params string[] options) =>
        Wait.Until(() => Once(from, to, 1, options).Succeeded, timeout, failure);

    /// <inheritdoc cref="SucceedsWithin(TimeSpan, Host, string, Func{string}, string[])"/>
    public static void SucceedsWithin(TimeSpan timeout, Host from, string to, string failure, params string[] options) =>
        SucceedsWithin(timeout, from, to, () => failure, options);

    /// <summary>No echo of three is answered within a second.</summary>
    public static void Fails(Host from, string to, params string[] options)
    {
        CommandResult result = from.TryRun(["ping", "-n", "-c", "3", "-i", "0.2", "-w", "1", .. options, to]);
        Assert.False(result.Succeeded, result.ToString());
    }

    public static CommandResult Once(Host from, string to, int seconds, params string[] options) =>
        from.TryRun(["ping", "-n", "-c", "1", "-w", seconds.ToString(CultureInfo.InvariantCulture), .. options, to]);

    /// <summary>How many of <paramref name="count"/> echoes got no answer.</summary>
    public static int CountLost(Host from, string to, int count, string interval = "0.01")
    {
        CommandResult result = from.TryRun(
            ["ping", "-n", "-q", "-c", count.ToString(CultureInfo.InvariantCulture), "-i", interval, "-W", "2", to],
            timeout: TimeSpan.FromMinutes(2));
        Match match = Statistics().Match(result.Output);
        Assert.True(match.Success, result.ToString());
        return count - int.Parse(match.Groups["received"].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"(?<received>\d+) received", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Statistics();
}
