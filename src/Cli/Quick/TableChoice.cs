using System.Globalization;
using WgNet.Linux;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>What Table in a configuration file says: routes nowhere, where wg-quick(8) would put them, or in one table.</summary>
/// <param name="Number">The table; null for the automatic choice.</param>
internal readonly record struct TableChoice(bool IsOff, uint? Number)
{
    private const string NamesFile = "/etc/iproute2/rt_tables";

    public static readonly TableChoice Off = new(IsOff: true, null);

    public bool IsAutomatic => !IsOff && Number is null;

    /// <exception cref="ConfigurationFileException">There is no table of that name.</exception>
    public static TableChoice Of(ConfigurationFile configuration) => configuration.Quick.Table switch
    {
        null or "auto" => default,
        "off" => Off,
        string text when TryParse(text, File.Exists(NamesFile) ? File.ReadLines(NamesFile) : [], out uint number) =>
            // As for the kernel, no table is the main one.
            new TableChoice(IsOff: false, number == 0 ? RouteNetlink.MainTable : number),
        string text => throw configuration.Refuse("Table", text, "no such table", $"off, auto, a number, or a name in {NamesFile}"),
    };

    /// <summary>A table's number: itself, or a name.</summary>
    /// <param name="names">The lines of /etc/iproute2/rt_tables.</param>
    public static bool TryParse(string text, IEnumerable<string> names, out uint table)
    {
        if (TryParseNumber(text, out table))
        {
            return true;
        }

        foreach (string line in names)
        {
            string[] words = line.Split('#')[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 2 && words[1] == text && TryParseNumber(words[0], out table))
            {
                return true;
            }
        }

        table = text switch { "local" => 255, "main" => 254, "default" => 253, _ => 0 };
        return table != 0;
    }

    private static bool TryParseNumber(string text, out uint number) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
            : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
