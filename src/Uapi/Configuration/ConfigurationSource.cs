namespace WgNet.Uapi;

/// <summary>What all lines of a configuration file have in common.</summary>
/// <param name="File">As it is named in messages; files that it names are looked for beside it.</param>
/// <param name="InterfaceName">What <c>%i</c> stands for.</param>
/// <param name="Warn">Told of what was taken but may not be meant.</param>
internal sealed record ConfigurationSource(string File, string InterfaceName, Action<string> Warn)
{
    /// <summary>The absolute path of a file that a setting names.</summary>
    /// <exception cref="ArgumentException">It holds what no path does.</exception>
    public string PathOf(string text) => Path.GetFullPath(
        text.Replace("%i", InterfaceName, StringComparison.Ordinal), Path.GetDirectoryName(Path.GetFullPath(File)) ?? "/");
}
