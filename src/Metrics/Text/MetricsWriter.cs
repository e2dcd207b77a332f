using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace WgNet.Metrics;

/// <summary>
/// Writes families and their samples in one of the two formats. They differ in what counters and infos are called where their type is
/// told, in units, which the older one does not know, and in the last line.
/// </summary>
internal sealed class MetricsWriter(IBufferWriter<byte> output, MetricsFormat format)
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    private byte[] _name = [];

    private bool IsOpenMetrics => format == MetricsFormat.OpenMetrics;

    /// <summary>Before the family's samples, which all follow it.</summary>
    public void Begin(MetricFamily family)
    {
        _name = Encoding.ASCII.GetBytes(family.SampleName);
        string name = IsOpenMetrics ? family.Name : family.SampleName;
        Text($"# TYPE {name} {TypeName(family.Type)}\n");
        if (IsOpenMetrics && family.Unit is not null)
        {
            Text($"# UNIT {name} {family.Unit}\n");
        }

        Text($"# HELP {name} {family.Help}\n");
    }

    /// <param name="labels">From <see cref="Labels"/>.</param>
    /// <param name="moreLabels">More of them, or none.</param>
    public void Sample(ReadOnlySpan<byte> labels, ReadOnlySpan<byte> moreLabels, long value)
    {
        const int MostDigits = 20;
        Span<byte> line = BeginLine(labels, moreLabels, MostDigits + 1, out int length);
        _ = Utf8Formatter.TryFormat(value, line[length..], out int digits);
        EndLine(line, length + digits);
    }

    /// <summary>A time, in seconds, exact to the nanosecond.</summary>
    public void Seconds(ReadOnlySpan<byte> labels, ReadOnlySpan<byte> moreLabels, long nanoseconds)
    {
        const int MostDigits = 22;
        Span<byte> line = BeginLine(labels, moreLabels, MostDigits + 1, out int length);
        _ = Utf8Formatter.TryFormat(nanoseconds / NanosecondsPerSecond, line[length..], out int digits);
        length += digits;
        line[length++] = (byte)'.';
        _ = Utf8Formatter.TryFormat(nanoseconds % NanosecondsPerSecond, line[length..], out digits, new StandardFormat('D', 9));
        EndLine(line, length + digits);
    }

    /// <summary>After everything.</summary>
    public void End()
    {
        if (IsOpenMetrics)
        {
            output.Write("# EOF\n"u8);
        }
    }

    private string TypeName(MetricType type) => type switch
    {
        MetricType.Counter => "counter",
        MetricType.Info when IsOpenMetrics => "info",
        _ => "gauge",
    };

    private Span<byte> BeginLine(ReadOnlySpan<byte> labels, ReadOnlySpan<byte> moreLabels, int room, out int length)
    {
        Span<byte> line = output.GetSpan(_name.Length + labels.Length + moreLabels.Length + room + 5);
        _name.CopyTo(line);
        length = _name.Length;
        line[length++] = (byte)'{';
        labels.CopyTo(line[length..]);
        length += labels.Length;
        if (!moreLabels.IsEmpty)
        {
            line[length++] = (byte)',';
            moreLabels.CopyTo(line[length..]);
            length += moreLabels.Length;
        }

        line[length++] = (byte)'}';
        line[length++] = (byte)' ';
        return line;
    }

    private void EndLine(Span<byte> line, int length)
    {
        line[length++] = (byte)'\n';
        output.Advance(length);
    }

    private void Text(string text) => Encoding.UTF8.GetBytes(text, output);
}
