using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace WgNet.Peers;

/// <summary>What was measured: for each program and metric a value a round.</summary>
internal sealed class Figures(IReadOnlyList<string> programs)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly OrderedDictionary<string, Dictionary<string, List<double>>> _values = [];

    public void Add(string program, string metric, double value)
    {
        if (!_values.TryGetValue(metric, out Dictionary<string, List<double>>? byProgram))
        {
            _values[metric] = byProgram = [];
        }

        if (!byProgram.TryGetValue(program, out List<double>? values))
        {
            byProgram[program] = values = [];
        }

        values.Add(value);
        Console.Error.WriteLine($"  {metric,-52} {Number(value)}");
    }

    /// <summary>Medians side by side; behind another program's, what the first one's is of it.</summary>
    public void Print(TextWriter output)
    {
        output.WriteLine("".PadRight(54) + string.Concat(programs.Select(program => program.PadLeft(22))));
        foreach ((string metric, Dictionary<string, List<double>> byProgram) in _values)
        {
            output.WriteLine(metric.PadRight(54) + string.Concat(programs.Select(program => Cell(byProgram, program).PadLeft(22))));
        }
    }

    public void Write(string path, int peers, int rounds)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var report = new
        {
            date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            machine = new { cores = Environment.ProcessorCount, kernel = RuntimeInformation.OSDescription },
            peers,
            rounds,
            results =
                from metric in _values
                from program in metric.Value
                select new { metric = metric.Key, program = program.Key, median = Median(program.Value), values = program.Value },
        };
        File.WriteAllText(path, JsonSerializer.Serialize(report, Indented) + "\n");
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Number(double value) =>
        value.ToString(value == 0 || Math.Abs(value) >= 100 ? "0" : Math.Abs(value) >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);

    private string Cell(Dictionary<string, List<double>> byProgram, string program)
    {
        if (!byProgram.TryGetValue(program, out List<double>? values))
        {
            return "-";
        }

        double median = Median(values);
        bool hasRatio = !ReferenceEquals(program, programs[0]) && median > 0 && byProgram.ContainsKey(programs[0]);
        return Number(median) + (hasRatio ? string.Create(CultureInfo.InvariantCulture, $" ({Median(byProgram[programs[0]]) / median:0.00}×)") : "");
    }
}
