using System.Globalization;

namespace WgNet.Cli.Doctor;

/// <summary>The wall clock is plausible: handshakes carry it, and a responder takes none that is older than the last.</summary>
internal static class ClockCheck
{
    // Seconds. Clocks are corrected by a little all the time.
    private const int Tolerance = 60;

    /// <summary>2026-01-01: before that, this program did not exist.</summary>
    private const long Earliest = 1_767_225_600;

    public static readonly Check Check = new("clock", "the clock is plausible", Examine);

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        long now = facts.System.Now;
        if (now < Earliest)
        {
            yield return Finding.Error(
                "clock-unset", $"the clock says {Text(now)}, when there was no WgNet", "peers that have heard this key before refuse its handshakes until the clock passes the last one, and certificates and logs are wrong",
                Mend.Run("timedatectl set-ntp true"));
        }
        else if (facts.System.LatestRun > now + Tolerance)
        {
            yield return Finding.Warn(
                "clock-set-back", $"the clock says {Text(now)}, and {facts.Name} has run at {Text(facts.System.LatestRun)} already", "WgNet goes on from its last handshake, but another implementation with this key would be refused by its peers until then",
                Mend.Run("timedatectl set-ntp true"));
        }
    }

    private static string Text(long seconds) => DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, 0, 253_402_300_799)).UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
