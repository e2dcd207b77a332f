using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace WgNet.Cli;

/// <summary>One JSON object on one line, for programs that read line by line.</summary>
internal static class JsonLine
{
    // Keys contain plus signs, which need no escape outside of HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The arguments without <c>--json</c>, which may stand anywhere and is the only option.</summary>
    public static string[] TakeOption(string[] args, out bool json)
    {
        const string Option = "--json";
        json = args.Contains(Option, StringComparer.Ordinal);
        string[] words = [.. args.Where(arg => arg != Option)];
        return Array.Find(words, word => word.StartsWith('-')) is { } other ? throw new UsageException($"`{other}' is not an option") : words;
    }

    /// <param name="fill">Writes the object's members.</param>
    public static void Write(TextWriter output, Action<Utf8JsonWriter> fill)
    {
        var line = new ArrayBufferWriter<byte>();
        using (Utf8JsonWriter json = new(line, Options))
        {
            json.WriteStartObject();
            fill(json);
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(line.WrittenSpan));
    }
}
