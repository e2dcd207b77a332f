using System.Globalization;
using System.Xml.Linq;

namespace WgNet.Bench.Charts;

/// <summary>
/// Draws a chart as SVG: panels in two columns, horizontal bars, the figure behind each. Colours follow the reader's light or
/// dark scheme, wherever the file is shown. Bars of one metric have one scale; a thin line spans the rounds.
/// </summary>
internal static class SvgChart
{
    private const int ColumnWidth = 390, Margin = 20, TitleHeight = 44, PanelHead = 42, PanelGap = 16, RowHeight = 22, BarHeight = 14;
    private const int NameWidth = 112, ValueWidth = 52;

    // Spelled out for both schemes: not every viewer knows variables.
    private const string Style = """

        text { font: 12px system-ui, sans-serif; fill: #1f2328 } .title { font-size: 15px; font-weight: 600 } .panel { font-weight: 600 }
        .paper { fill: #fff } .muted { fill: #59636e } .spread { stroke: #1f2328 }
        .own { fill: #1a6fd4 } .other { fill: #afb8c1 } .limit { fill: none; stroke: #59636e; stroke-dasharray: 3 2 }
        @media (prefers-color-scheme: dark) {
          text { fill: #e6edf3 } .paper { fill: #0d1117 } .muted { fill: #9198a1 } .spread { stroke: #e6edf3 }
          .own { fill: #58a6ff } .other { fill: #545d68 } .limit { stroke: #9198a1 }
        }

        """;

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    public static XDocument Draw(Chart chart)
    {
        int width = Margin + 2 * (ColumnWidth + Margin);
        int rowHeight = chart.Panels.Max(Height);
        int height = TitleHeight + (chart.Panels.Count + 1) / 2 * rowHeight;
        var root = new XElement(
            Svg + "svg",
            new XAttribute("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {width} {height}")),
            new XAttribute("width", width),
            new XAttribute("height", height),
            new XAttribute("role", "img"),
            new XElement(Svg + "title", chart.Title),
            new XElement(Svg + "style", Style),
            Rectangle("paper", 0, 0, width, height),
            Text("title", Margin, 28, chart.Title));
        for (int i = 0; i < chart.Panels.Count; i++)
        {
            Panel panel = chart.Panels[i];
            double scale = chart.Panels.Where(other => other.Metric == panel.Metric).SelectMany(other => other.Bars).Max(bar => bar.Most);
            root.Add(DrawPanel(panel, Margin + i % 2 * (ColumnWidth + Margin), TitleHeight + i / 2 * rowHeight, scale));
        }

        return new XDocument(root);
    }

    private static int Height(Panel panel) => PanelHead + panel.Bars.Count * RowHeight + PanelGap;

    private static XElement DrawPanel(Panel panel, int x, int y, double scale)
    {
        Metric metric = panel.Metric;
        string wish = metric.LowerIsBetter ? "less is better" : "more is better";
        return new XElement(
            Svg + "g",
            new XAttribute("transform", string.Create(CultureInfo.InvariantCulture, $"translate({x} {y})")),
            Text("panel", 0, 14, panel.Title),
            Text("muted", 0, 31, $"{metric.Name}, {metric.Unit}: {wish}"),
            panel.Bars.Select((bar, row) => DrawBar(bar, PanelHead + row * RowHeight, scale)));
    }

    private static XElement DrawBar(Bar bar, int y, double scale)
    {
        const double room = ColumnWidth - NameWidth - ValueWidth;
        double At(double value) => NameWidth + (scale > 0 ? value / scale * room : 0);

        double middle = y + BarHeight / 2.0;
        string kind = bar.Contender switch
        {
            "wgnet" => "own",
            "limit" => "limit",
            _ => "other",
        };
        return new XElement(
            Svg + "g",
            Text("", 0, y + 11, bar.Contender),
            Rectangle(kind, NameWidth, y, Math.Max(1, At(bar.Median) - NameWidth), BarHeight),
            new XElement(
                Svg + "line",
                new XAttribute("class", "spread"),
                Number("x1", At(bar.Least)),
                Number("y1", middle),
                Number("x2", At(bar.Most)),
                Number("y2", middle)),
            Text("", At(Math.Max(bar.Median, bar.Most)) + 6, y + 11, Table.Number(bar.Median)));
    }

    private static XElement Rectangle(string kind, double x, double y, double width, double height) => new(
        Svg + "rect",
        new XAttribute("class", kind),
        Number("x", x),
        Number("y", y),
        Number("width", width),
        Number("height", height));

    private static XElement Text(string kind, double x, double y, string text) => new(
        Svg + "text",
        kind.Length > 0 ? new XAttribute("class", kind) : null,
        Number("x", x),
        Number("y", y),
        text);

    private static XAttribute Number(string name, double value) => new(name, value.ToString("0.#", CultureInfo.InvariantCulture));
}
