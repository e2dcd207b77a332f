namespace WgNet.Uapi;

/// <summary>A section of a configuration file as it was written: settings in order, comments and secrets left out.</summary>
public sealed class ConfigurationSection(bool isInterface)
{
    /// <summary>[Interface]; otherwise [Peer].</summary>
    public bool IsInterface { get; } = isInterface;

    /// <summary>All but <c>PrivateKey</c> and <c>PresharedKey</c>; the paths of key files are no secrets.</summary>
    public List<ConfigurationSetting> Settings { get; } = [];

    private readonly Dictionary<string, int> _firstLines = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The line in which a key of the section was seen first, which is this one if it was not seen before.</summary>
    internal int FirstLine(string key, int line) => _firstLines.TryAdd(key, line) ? line : _firstLines[key];

    /// <summary>The last value of a key, as text, or null.</summary>
    public string? Find(string key) => Settings.FindLast(setting => setting.Is(key)).Value;
}

/// <summary>One setting: its key and value as written, and its line, counted from 1.</summary>
public readonly record struct ConfigurationSetting(string Key, string Value, int Line)
{
    public bool Is(string key) => string.Equals(Key, key, StringComparison.OrdinalIgnoreCase);
}
