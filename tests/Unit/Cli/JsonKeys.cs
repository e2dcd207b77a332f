using System.Text.Json;

namespace WgNet.Unit.Cli;

/// <summary>Which keys a JSON document has, with the types of their values: to be compared with what the documents say.</summary>
internal static class JsonKeys
{
    /// <summary>Adds what is below an element. Objects named drops have names of their own for keys: one star stands for them.</summary>
    public static void Collect(JsonElement element, string path, SortedDictionary<string, SortedSet<string>> found)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    string name = path.EndsWith(".drops", StringComparison.Ordinal) ? "*" : property.Name;
                    Collect(property.Value, path.Length == 0 ? name : $"{path}.{name}", found);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Collect(item, path + "[]", found);
                }

                break;
            default:
                string type = element.ValueKind switch
                {
                    JsonValueKind.True or JsonValueKind.False => "boolean",
                    JsonValueKind.String => "string",
                    JsonValueKind.Number => "number",
                    _ => "null",
                };
                found.TryAdd(path, []);
                found[path].Add(type);
                break;
        }
    }

    /// <summary><c>key: type or type</c>, null last, in order.</summary>
    public static IEnumerable<string> Lines(SortedDictionary<string, SortedSet<string>> found) =>
        found.Select(row => $"{row.Key}: {string.Join(" or ", row.Value.OrderBy(type => type == "null"))}").Order(StringComparer.Ordinal);
}
