using System.Globalization;
using System.Text.Json;
using WgNet.Cli.Show;

namespace WgNet.Cli.Doctor;

/// <summary>What doctor found of one interface.</summary>
internal sealed record Report(string Name, string? File, bool IsRunning, IReadOnlyList<Finding> Findings)
{
    public int Count(Severity severity) => Findings.Count(finding => finding.Severity == severity);
}

/// <summary>Prints findings: for people a line each, and a block for what is wrong; for programs as docs/json.md says.</summary>
internal sealed class DoctorPrinter(TextWriter output, Paint paint)
{
    private const int SeverityWidth = 7;

    public void Print(IReadOnlyList<Report> reports)
    {
        foreach (Report report in reports)
        {
            string file = report.File ?? "no file";
            output.WriteLine(paint.Bold(Plain($"{report.Name}: {file}, {(report.IsRunning ? "running" : "not running")}")));
            int width = report.Findings.Max(finding => finding.Id.Length);
            foreach (Finding finding in report.Findings)
            {
                Print(finding, width);
            }

            output.WriteLine();
        }

        output.WriteLine(string.Join(", ", Sum(reports, Severity.Error, "error"), Sum(reports, Severity.Warning, "warning"), Sum(reports, Severity.Ok, null), Sum(reports, Severity.Skipped, null)));
    }

    public static void WriteJson(TextWriter output, IReadOnlyList<Report> reports) => JsonLine.Write(output, json =>
    {
        json.WriteStartArray("reports");
        foreach (Report report in reports)
        {
            json.WriteStartObject();
            json.WriteString("name", report.Name);
            json.WriteString("file", report.File);
            json.WriteBoolean("running", report.IsRunning);
            json.WriteStartArray("findings");
            foreach (Finding finding in report.Findings)
            {
                WriteJson(json, finding);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("errors", reports.Sum(report => report.Count(Severity.Error)));
        json.WriteNumber("warnings", reports.Sum(report => report.Count(Severity.Warning)));
    });

    private static void WriteJson(Utf8JsonWriter json, Finding finding)
    {
        json.WriteStartObject();
        json.WriteString("severity", Name(finding.Severity));
        json.WriteString("id", finding.Id);
        json.WriteString("what", finding.What);
        json.WriteString("why", finding.Why.Length == 0 ? null : finding.Why);
        json.WriteStartArray("mends");
        foreach (Mend mend in finding.Mends)
        {
            json.WriteStartObject();
            json.WriteString("command", mend.File is null ? mend.Text : null);
            json.WriteString("file", mend.File);
            if (mend.Line > 0)
            {
                json.WriteNumber("line", mend.Line);
            }
            else
            {
                json.WriteNull("line");
            }

            json.WriteString("setting", mend.File is null ? null : mend.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Print(Finding finding, int width)
    {
        string severity = Colour(finding.Severity, Name(finding.Severity).PadRight(SeverityWidth));
        output.WriteLine($"  {severity}  {finding.Id.PadRight(width)}  {Plain(finding.What)}");
        string indent = new(' ', 2 + SeverityWidth + 2 + width + 2);
        if (finding.Why.Length > 0)
        {
            output.WriteLine($"{indent}why   {Plain(finding.Why)}");
        }

        for (int i = 0; i < finding.Mends.Count; i++)
        {
            output.WriteLine($"{indent}{(i == 0 ? "mend" : "then")}  {Plain(finding.Mends[i].ToString())}");
        }
    }

    private string Colour(Severity severity, string text) => severity switch
    {
        Severity.Ok => paint.Green(text),
        Severity.Warning => paint.Yellow(text),
        Severity.Error => paint.Red(text),
        _ => text,
    };

    private static string Name(Severity severity) => severity switch
    {
        Severity.Ok => "ok",
        Severity.Warning => "warning",
        Severity.Error => "error",
        _ => "skipped",
    };

    private static string Sum(IReadOnlyList<Report> reports, Severity severity, string? noun)
    {
        int count = reports.Sum(report => report.Count(severity));
        return string.Create(CultureInfo.InvariantCulture, $"{count} {(noun is null ? Name(severity) : count == 1 ? noun : noun + "s")}");
    }

    // Names of processes and files may hold anything, and a terminal obeys.
    private static string Plain(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
