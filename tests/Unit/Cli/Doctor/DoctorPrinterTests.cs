using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using WgNet.Cli.Doctor;
using WgNet.Cli.Show;
using Xunit;

namespace WgNet.Unit.Cli.Doctor;

public sealed partial class DoctorPrinterTests
{
    private static readonly Report[] Reports =
    [
        new("wg0", "/etc/wireguard/wg0.conf", IsRunning: true,
        [
            Finding.Ok("keys", "all is well"),
            Finding.Warn("not-good", "this is \e[31mseen", "because", Mend.Write("/etc/x", 3, "A = 1"), Mend.Run("do it")),
            Finding.Skip("clock", "no clock"),
        ]),
        new("wg1", null, IsRunning: false, [Finding.Error("bad", "that", "so", Mend.Write("/etc/x", 0, "B = 2"))]),
    ];

    [Fact]
    public void Print_Reports_LinesUpAndObeysNoEscape()
    {
        using StringWriter output = new();
        new DoctorPrinter(output, Paint.None).Print(Reports);

        Assert.Equal(
            """
            wg0: /etc/wireguard/wg0.conf, running
              ok       keys      all is well
              warning  not-good  this is ?[31mseen
                                 why   because
                                 mend  in /etc/x, line 3: A = 1
                                 then  run: do it
              skipped  clock     no clock

            wg1: no file, not running
              error    bad  that
                            why   so
                            mend  add under [Interface] in /etc/x: B = 2

            1 error, 1 warning, 1 ok, 1 skipped

            """, output.ToString());
    }

    [Fact]
    public void Print_OnATerminal_IsColoured()
    {
        using StringWriter output = new();
        new DoctorPrinter(output, Paint.For("always", isTerminal: false)).Print(Reports);

        Assert.Contains("\e[32mok     \e[0m  keys", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\e[33mwarning\e[0m  not-good", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\e[31merror  \e[0m  bad", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void WriteJson_Reports_HasExactlyTheKeysAndTypesOfTheDocument()
    {
        using StringWriter output = new();
        DoctorPrinter.WriteJson(output, Reports);
        using var json = JsonDocument.Parse(output.ToString());
        SortedDictionary<string, SortedSet<string>> found = new(StringComparer.Ordinal);
        JsonKeys.Collect(json.RootElement, "", found);

        Assert.Equal(
            Row().Matches(File.ReadAllText(Document())).Select(row => $"{row.Groups["key"].Value}: {row.Groups["type"].Value}").Order(StringComparer.Ordinal),
            JsonKeys.Lines(found));
        Assert.Equal(1, json.RootElement.GetProperty("errors").GetInt32());
        Assert.Equal("do it", json.RootElement.GetProperty("reports")[0].GetProperty("findings")[1].GetProperty("mends")[1].GetProperty("command").GetString());
    }

    private static string Document([CallerFilePath] string thisFile = "") => Path.Combine(Path.GetDirectoryName(thisFile)!, "../../../../docs/doctor.md");

    [GeneratedRegex(@"^\| `(?<key>(reports|errors|warnings)[^`]*)` \| (?<type>[a-z ]+) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();
}
