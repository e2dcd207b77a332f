using System.Globalization;
using System.Text.RegularExpressions;

namespace WgNet.EndToEnd.Harness;

/// <summary>ping(8) inside a host.</summary>
public static partial class Ping
{
    // Milliseconds; what comes later is lost.
    private const int LongestWait = 2000;

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

    /// <summary>
    /// Which of <paramref name="count"/> echoes, 1 the first, got no answer, for which each had at least two seconds. Once it was answered at all, ping(8) waits
    /// for the last answers no longer than twice the longest round trip of that run, whatever <c>-W</c> says: on a machine that is busy for
    /// a moment it calls lost what only comes late. So it goes on, and what it sends in those two seconds does not count.
    /// </summary>
    /// <param name="interval">Milliseconds from one to the next.</param>
    public static IReadOnlyList<int> Lost(Host from, string to, int count, int interval = 10)
    {
        int sent = count + (LongestWait / interval);
        CommandResult result = from.TryRun(
            ["ping", "-n", "-c", sent.ToString(CultureInfo.InvariantCulture), "-i", (interval / 1000.0).ToString(CultureInfo.InvariantCulture), to],
            timeout: TimeSpan.FromMinutes(2));
        Assert.True(result.Output.Contains(string.Create(CultureInfo.InvariantCulture, $"{sent} packets transmitted"), StringComparison.Ordinal), result.ToString());
        IEnumerable<int> answered = Answer().Matches(result.Output).Select(match => int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture));
        return [.. Enumerable.Range(1, count).Except(answered)];
    }

    [GeneratedRegex(@"bytes from .* icmp_seq=(?<number>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Answer();
}
