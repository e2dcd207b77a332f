using System.Text.Json;

namespace WgNet.EndToEnd.Harness;

/// <summary>A running <c>wgnet monitor</c>, and what it has printed.</summary>
public sealed class EventMonitor
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    private EventMonitor(Daemon daemon) => Daemon = daemon;

    public Daemon Daemon { get; }

    /// <summary>The lines printed until now.</summary>
    public IReadOnlyList<string> Lines => Daemon.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Starts it and waits until it hears what happens in the interface.</summary>
    public static EventMonitor Start(Tunnel watched, params string[] arguments)
    {
        // A shell that runs the tests in its background makes them, and whom they start, ignore SIGINT.
        var monitor = new EventMonitor(watched.Host.Start(["env", "--default-signal=INT", Programs.WgNet, "monitor", .. arguments]));
        string marker = "public_key=" + KeyPair.Generate().PublicHex;
        Wait.Until(
            () =>
            {
                Assert.Equal(0, UapiSocket.Set(watched.Name, marker));
                Assert.Equal(0, UapiSocket.Set(watched.Name, marker, "remove=true"));
                return monitor.Daemon.Log.Contains("peer_removed", StringComparison.Ordinal);
            },
            Timeout,
            () => $"the monitor hears nothing\n{monitor.Daemon.Log}");
        return monitor;
    }

    /// <summary>Waits for an event that has these members (of a monitor with <c>--json</c>).</summary>
    public JsonElement WaitFor(string kind, params (string Name, string Value)[] members)
    {
        JsonElement found = default;
        Wait.Until(
            () => Events.Any(happened => (found = happened).GetProperty("event").GetString() == kind && members.All(member => Is(happened, member))),
            Timeout,
            () => $"no {kind} with {string.Join(", ", members)}\n{Daemon.Log}");
        return found;
    }

    /// <summary>Waits for a line that has all these words (of a monitor without <c>--json</c>).</summary>
    public void WaitForLine(params string[] words) => Wait.Until(
        () => Lines.Any(line => Array.TrueForAll(words, word => line.Contains(word, StringComparison.Ordinal))),
        Timeout,
        () => $"no line with {string.Join(", ", words)}\n{Daemon.Log}");

    public IEnumerable<JsonElement> Events => Lines
        .Where(line => line.StartsWith('{'))
        .Select(line => JsonDocument.Parse(line).RootElement);

    private static bool Is(JsonElement happened, (string Name, string Value) member) =>
        happened.TryGetProperty(member.Name, out JsonElement value) && value.ToString() == member.Value;
}
