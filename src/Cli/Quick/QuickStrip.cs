using System.Text;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>
/// A configuration file without what only wg-quick(8) understands, otherwise as it stands, but with its keys in place of the
/// files that hold them: it is meant for <c>wg setconf</c>, which knows of no such files and reads it from a pipe. Pure.
/// </summary>
internal static class QuickStrip
{
    private const string PrivateKeyFile = "PrivateKeyFile", PresharedKeyFile = "PresharedKeyFile";

    private static readonly string[] QuickKeys =
        ["Address", "MTU", "DNS", "Table", "PreUp", "PreDown", "PostUp", "PostDown", "SaveConfig"];

    /// <summary>Whether any key stands in a file of its own, and <see cref="Strip"/> needs what is in these files.</summary>
    public static bool HasKeyFiles(string text) => text.Split('\n').Any(line => Is(Key(line), PrivateKeyFile) || Is(Key(line), PresharedKeyFile));

    /// <param name="keys">The whole file as it was read; null if it names no key files.</param>
    public static string Strip(string text, ConfigurationFile? keys = null)
    {
        using IEnumerator<byte[]?> presharedKeys = (keys?.Update.Peers.Select(peer => peer.PresharedKey) ?? []).GetEnumerator();
        StringBuilder kept = new();
        bool inInterface = false;
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            string key = Key(line);
            if (key.StartsWith('['))
            {
                inInterface = Is(key, "[Interface]");
                _ = inInterface || presharedKeys.MoveNext();
            }

            if (inInterface && QuickKeys.Contains(key, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            _ = Is(key, PrivateKeyFile) ? kept.Append("PrivateKey = ").Append(Convert.ToBase64String(keys?.Update.PrivateKey ?? []))
                : Is(key, PresharedKeyFile) ? kept.Append("PresharedKey = ").Append(Convert.ToBase64String(presharedKeys.Current ?? []))
                : kept.Append(line);
            _ = kept.Append('\n');
        }

        return kept.ToString();
    }

    // What stands before the equals sign, or a section's head; spaces count nowhere in it.
    private static string Key(string line) => string.Concat(line.Split('#')[0].Split('=')[0].Where(c => !char.IsWhiteSpace(c)));

    private static bool Is(string key, string other) => key.Equals(other, StringComparison.OrdinalIgnoreCase);
}
