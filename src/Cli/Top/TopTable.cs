using System.Globalization;
using Spectre.Console;
using WgNet.Cli.Show;
using WgNet.Protocol;
using Padding = Spectre.Console.Padding;

namespace WgNet.Cli.Top;

/// <summary>Peers and their totals as a table of a given width.</summary>
internal sealed class TopTable
{
    private const int KeyLength = 44, LeastKeyLength = 10, LeastEndpoint = 8, LongestEndpoint = 47;
    private const int RateWidth = 8, HandshakeWidth = 9, LearnedWidth = 7, DropsWidth = 6;
    private const int NumbersWidth = RateWidth + RateWidth + HandshakeWidth + LearnedWidth + DropsWidth + 5;

    private static readonly Style Head = new(decoration: Decoration.Bold | Decoration.Underline);
    private static readonly Style Sum = new(decoration: Decoration.Bold);
    private static readonly Style Quiet = new(foreground: Color.Grey);
    private static readonly Style Lively = new(foreground: Color.Green);
    private static readonly Style Warning = new(foreground: Color.Yellow);

    private readonly Table _table = new() { Border = TableBorder.None };
    private readonly int _keyWidth;
    private readonly int _endpointWidth;
    private readonly bool _withInterface;
    private readonly int _width;

    /// <param name="sample">All peers: widths and totals are theirs.</param>
    /// <param name="rows">Those that are shown, in order.</param>
    /// <param name="width">To fit into; what is narrower than any table cuts it.</param>
    public TopTable(TopSample sample, IEnumerable<TopRow> rows, int width)
    {
        _withInterface = sample.Interfaces.Count > 1;
        int interfaceWidth = _withInterface ? Math.Max(5, sample.Interfaces.Max(name => name.Length)) : 0;
        int others = NumbersWidth + 1 + (_withInterface ? interfaceWidth + 1 : 0);
        int left = Math.Max(width - others, LeastKeyLength + LeastEndpoint);
        int longest = Math.Min(LongestEndpoint, sample.Rows.Select(row => row.Endpoint.Length).DefaultIfEmpty(0).Max());
        _endpointWidth = Math.Clamp(longest, LeastEndpoint, left - LeastKeyLength);
        _keyWidth = Math.Min(left - _endpointWidth, KeyLength);
        _width = others + _keyWidth + _endpointWidth;
        AddColumns(interfaceWidth);
        foreach (TopRow row in rows)
        {
            Add(row);
        }

        AddTotals(sample);
    }

    /// <summary>Its lines, without the last one's end.</summary>
    public string Render(bool colours)
    {
        using StringWriter text = new(CultureInfo.InvariantCulture);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = colours ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = colours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new Paper(text, _width),
        });
        console.Write(_table);
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>Cuts what is too long; of an endpoint the port stays, being what tells clients behind one address apart.</summary>
    internal static string Shorten(string text, int width, int kept = 0) => text.Length <= width ? text
        : kept + 1 >= width ? text[..width]
        : $"{text[..(width - 1 - kept)]}…{text[^kept..]}";

    /// <summary>Most six characters.</summary>
    internal static string Count(long count) => count switch
    {
        < 1_000_000 => count.ToString(CultureInfo.InvariantCulture),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1_000_000}M"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Min(count / 1_000_000_000, 99_999)}G"),
    };

    private void AddColumns(int interfaceWidth)
    {
        if (_withInterface)
        {
            AddColumn("IFACE", interfaceWidth, Justify.Left);
        }

        AddColumn("PEER", _keyWidth, Justify.Left);
        AddColumn("ENDPOINT", _endpointWidth, Justify.Left);
        AddColumn("RX/s", RateWidth, Justify.Right);
        AddColumn("TX/s", RateWidth, Justify.Right);
        AddColumn("HANDSHAKE", HandshakeWidth, Justify.Right);
        AddColumn("LEARNED", LearnedWidth, Justify.Right);
        AddColumn("DROPS", DropsWidth, Justify.Right, isLast: true);
    }

    private void AddColumn(string title, int width, Justify alignment, bool isLast = false) => _table.AddColumn(new TableColumn(new Text(title, Head))
    {
        Width = width,
        Alignment = alignment,
        NoWrap = true,
        Padding = new Padding(0, 0, isLast ? 0 : 1, 0),
    });

    private void Add(TopRow row)
    {
        bool isLive = row.HandshakeAge <= Constants.RejectAfterTime / Constants.Second;
        Style style = isLive ? Style.Plain : Quiet;
        int port = row.Endpoint.Length - Math.Max(0, row.Endpoint.LastIndexOf(':') - (row.Endpoint.StartsWith('[') ? 1 : 0));
        List<Text> cells = _withInterface ? [new Text(row.Interface, style)] : [];
        cells.AddRange([
            new Text(Shorten(row.Peer, _keyWidth), style),
            new Text(Shorten(row.Endpoint, _endpointWidth, port), style),
            Rate(row.ReceivedRate, style),
            Rate(row.SentRate, style),
            new Text(row.HandshakeAge is { } age ? HumanUnits.ShortDuration(age) : "never", style),
            new Text(Count(row.Learned), style),
            new Text(Count(row.Drops), row.Drops > 0 ? Warning : style),
        ]);
        _table.AddRow(cells);
    }

    private void AddTotals(TopSample sample)
    {
        List<Text> cells = _withInterface ? [new Text("all", Sum)] : [];
        long drops = sample.Rows.Sum(row => row.Drops);
        cells.AddRange([
            new Text(Shorten($"{Count(sample.Rows.Count)} peer{(sample.Rows.Count == 1 ? "" : "s")}", _keyWidth), Sum),
            new Text(""),
            new Text(HumanUnits.ShortBytes(sample.Rows.Sum(row => row.ReceivedRate)), Sum),
            new Text(HumanUnits.ShortBytes(sample.Rows.Sum(row => row.SentRate)), Sum),
            new Text(""),
            new Text(Count(sample.Rows.Sum(row => (long)row.Learned)), Sum),
            new Text(Count(drops), Sum),
        ]);
        _table.AddRow(cells);
    }

    private static Text Rate(double rate, Style style) => new(HumanUnits.ShortBytes(rate), rate > 0 ? Lively : style);

    /// <summary>What is drawn upon: a text of a given width.</summary>
    private sealed class Paper(TextWriter text, int width) : IAnsiConsoleOutput
    {
        public TextWriter Writer => text;

        public bool IsTerminal => false;

        public int Width => width;

        public int Height => int.MaxValue;

        public void SetEncoding(System.Text.Encoding encoding)
        {
        }
    }
}
