using System.Globalization;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>
/// What <c>up</c> or <c>reload</c> applied last, beside the runtime's other files: the configuration without its secrets. It tells
/// <c>reload</c> what was there because the file said so, and what somebody else added; and <c>down</c> what <c>up</c> did
/// if the file has been edited since.
/// </summary>
internal static class AppliedFile
{
    public static void Write(string name, string text, Narrator narrator)
    {
        try
        {
            RunFolder.Make();
            AtomicFile.Write(PathOf(name), text);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            narrator.Warn($"what was applied could not be noted, so that `reload' will not know it: {exception.Message}");
        }
    }

    /// <summary>Null if the interface was not brought up by WgNet, or the note makes no sense.</summary>
    public static ConfigurationFile? Read(string name, int index) => ReadIf(name, text => text.StartsWith(FirstLine(index), StringComparison.Ordinal));

    /// <summary>What was applied to the last interface of that name, which may be gone.</summary>
    public static ConfigurationFile? ReadLast(string name) => ReadIf(name, _ => true);

    private static ConfigurationFile? ReadIf(string name, Func<string, bool> isMeant)
    {
        string path = PathOf(name);
        try
        {
            string text = File.ReadAllText(path);
            return isMeant(text) ? ConfigurationFile.Parse(text, path, ConfigurationMode.Append) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ConfigurationFileException)
        {
            return null;
        }
    }

    public static void Delete(string name)
    {
        if (RunFolder.Exists)
        {
            File.Delete(PathOf(name));
        }
    }

    /// <summary>What to write. A key that was given becomes an empty one, which says that it was given.</summary>
    /// <param name="index">The interface's: another one of that name later is not meant.</param>
    public static string Text(int index, ConfigurationFile configuration)
    {
        using StringWriter text = new(CultureInfo.InvariantCulture) { NewLine = "\n" };
        text.Write(FirstLine(index));
        using IEnumerator<bool> presharedKeys = configuration.Update.Peers.Select(peer => peer.PresharedKey is not null).GetEnumerator();
        foreach (ConfigurationSection section in configuration.Sections)
        {
            text.WriteLine(section.IsInterface ? "[Interface]" : "[Peer]");
            if (!section.IsInterface && presharedKeys.MoveNext() && presharedKeys.Current)
            {
                text.WriteLine("PresharedKeyFile = /dev/null");
            }

            foreach (ConfigurationSetting setting in section.Settings.Where(setting => !setting.Is("PrivateKeyFile") && !setting.Is("PresharedKeyFile")))
            {
                text.WriteLine($"{setting.Key} = {setting.Value}");
            }
        }

        return text.ToString();
    }

    private static string FirstLine(int index) => string.Create(CultureInfo.InvariantCulture, $"# interface {index}\n");

    private static string PathOf(string name) => RunFolder.PathOf(name, "applied");
}
