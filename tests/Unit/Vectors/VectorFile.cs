using System.Text.Json;

namespace WgNet.Unit.Vectors;

/// <summary>The JSON files in this folder.</summary>
internal static class VectorFile
{
    public static JsonElement Load(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Vectors", name)));
        return document.RootElement.Clone();
    }

    /// <summary>The tests of all groups of a Wycheproof file.</summary>
    public static IEnumerable<JsonElement> WycheproofTests(string name) =>
        Load(name).GetProperty("testGroups").EnumerateArray().SelectMany(group => group.GetProperty("tests").EnumerateArray());

    public static byte[] Hex(this JsonElement element, string property) =>
        Convert.FromHexString(element.GetProperty(property).GetString()!);
}
