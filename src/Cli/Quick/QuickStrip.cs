using System.Text;

namespace WgNet.Cli.Quick;

/// <summary>A configuration file without what only wg-quick(8) understands, otherwise as it stands. Pure.</summary>
internal static class QuickStrip
{
    private static readonly string[] QuickKeys =
        ["Address", "MTU", "DNS", "Table", "PreUp", "PreDown", "PostUp", "PostDown", "SaveConfig"];

    public static string Strip(string text)
    {
        StringBuilder kept = new();
        bool inInterface = false;
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            string meaning = line.Split('#')[0].Trim();
            if (meaning.StartsWith('['))
            {
                inInterface = meaning.Equals("[Interface]", StringComparison.OrdinalIgnoreCase);
            }

            string key = meaning.Split('=')[0].TrimEnd();
            if (!inInterface || !QuickKeys.Contains(key, StringComparer.OrdinalIgnoreCase))
            {
                _ = kept.Append(line).Append('\n');
            }
        }

        return kept.ToString();
    }
}
