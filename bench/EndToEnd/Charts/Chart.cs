namespace WgNet.Bench.Charts;

/// <summary>Panels that belong on one picture.</summary>
/// <param name="Name">The file's name without its ending.</param>
internal sealed record Chart(string Name, string Title, IReadOnlyList<Panel> Panels);

/// <summary>One metric, a bar for each contender.</summary>
internal sealed record Panel(string Title, Metric Metric, IReadOnlyList<Bar> Bars);

/// <summary>One contender's median, and how far the rounds lay apart.</summary>
internal sealed record Bar(string Contender, double Median, double Least, double Most);
