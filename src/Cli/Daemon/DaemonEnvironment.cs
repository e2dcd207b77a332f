using System.Collections;
using System.Globalization;
using WgNet.Device;

namespace WgNet.Cli.Daemon;

/// <summary>
/// What the environment tells a device: wireguard-go's variables, WgNet's switches, and those by which a starting daemon and
/// the process that started it talk to each other.
/// </summary>
/// <param name="variables">The value of a variable, or null.</param>
internal sealed class DaemonEnvironment(Func<string, string?> variables)
{
    public const string TunVariable = "WG_TUN_FD", UapiVariable = "WG_UAPI_FD", ForegroundVariable = "WG_PROCESS_FOREGROUND", LogVariable = "LOG_LEVEL";

    /// <summary>The descriptor on which a daemon says that it is ready, or why it is not (see <see cref="StartupReport"/>).</summary>
    public const string ReadyVariable = "WGNET_READY_FD";

    public static DaemonEnvironment OfProcess() => new(Environment.GetEnvironmentVariable);

    /// <summary>An open TUN device to use instead of opening one.</summary>
    public int? TunDescriptor => Descriptor(TunVariable);

    /// <summary>A listening control socket to use instead of making one.</summary>
    public int? UapiDescriptor => Descriptor(UapiVariable);

    public int? ReadyDescriptor => Descriptor(ReadyVariable);

    public bool Foreground => variables(ForegroundVariable) == "1";

    public string? LogLevel => variables(LogVariable);

    /// <summary>
    /// wireguard-go's rule: a daemon keeps its caller's standard output and error only where the log was asked for. Otherwise
    /// <c>$(wgnet wg0)</c> would wait for the daemon's end.
    /// </summary>
    public bool KeepsOutput => LogLevel is { Length: > 0 } and not "silent";

    public bool TunOffload => Switch("WGNET_TUN_OFFLOAD");

    public bool UdpOffload => Switch("WGNET_UDP_OFFLOAD");

    /// <summary>Workers a direction, where the configuration does not say; null goes by the cores.</summary>
    public int? Workers => variables("WGNET_WORKERS") switch
    {
        null or "" => null,
        string text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= WorkerCount.Most => count,
        string text => throw new CommandException($"WGNET_WORKERS is `{text}': it must be 1 to {WorkerCount.Most}"),
    };

    /// <summary>Tests shorten these so that they see a session renewed, and ended, within seconds.</summary>
    public TimeSpan? RekeyAfterTime => Seconds("WGNET_TEST_REKEY_AFTER_TIME");

    public TimeSpan? RejectAfterTime => Seconds("WGNET_TEST_REJECT_AFTER_TIME");

    /// <summary>Between two writings of the state, milliseconds; 0 writes without a pause, for tests that end the process meanwhile.</summary>
    public TimeSpan? StateInterval => variables("WGNET_TEST_STATE_INTERVAL") switch
    {
        null or "" => null,
        string text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int milliseconds) => TimeSpan.FromMilliseconds(milliseconds),
        string text => throw new CommandException($"WGNET_TEST_STATE_INTERVAL is `{text}': it must be a number of milliseconds"),
    };

    /// <summary>All variables of this process as <c>NAME=value</c>, with some replaced (null: removed).</summary>
    public static IEnumerable<string> With(params (string Name, string? Value)[] changes)
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (!Array.Exists(changes, change => change.Name == (string)variable.Key))
            {
                yield return $"{variable.Key}={variable.Value}";
            }
        }

        foreach ((string name, string? value) in changes)
        {
            if (value is not null)
            {
                yield return $"{name}={value}";
            }
        }
    }

    private bool Switch(string name)
    {
        const string All = "WGNET_OFFLOAD";
        return IsOn(All) && IsOn(name);

        bool IsOn(string switchName) => variables(switchName) switch
        {
            null or "" or "on" => true,
            "off" => false,
            string other => throw new CommandException($"{switchName} is `{other}': it may be on or off"),
        };
    }

    private int? Descriptor(string name) => variables(name) switch
    {
        null or "" => null,
        string text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor) => descriptor,
        string text => throw new CommandException($"{name} is `{text}': it must be the number of an open descriptor"),
    };

    private TimeSpan? Seconds(string name) => variables(name) switch
    {
        null or "" => null,
        string text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds > 0 => TimeSpan.FromSeconds(seconds),
        string text => throw new CommandException($"{name} is `{text}': it must be a number of seconds above 0"),
    };
}
