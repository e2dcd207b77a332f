using System.Globalization;
using WgNet.Cli.Show;
using WgNet.Device.Events;
using WgNet.Protocol;
using WgNet.Uapi;

namespace WgNet.Cli.Monitor;

/// <summary>Events, a line each: aligned for people, or a JSON object for programs. Each line is flushed. Thread-safe.</summary>
/// <param name="interfaceWidth">Of the longest name, or 0 to leave names out of lines for people.</param>
internal sealed class EventPrinter(TextWriter output, Paint paint, bool json, int interfaceWidth)
{
    private const int KeyLength = 44;

    private static readonly int NameWidth =
        Enumerable.Range(0, (int)DeviceEventKind.Count).Max(kind => UapiEvent.NameOf((DeviceEventKind)kind).Length);

    private readonly Lock _lock = new();

    public void Print(string interfaceName, DeviceEvent happened)
    {
        lock (_lock)
        {
            if (json)
            {
                PrintJson(interfaceName, happened);
            }
            else
            {
                PrintText(interfaceName, happened);
            }

            output.Flush();
        }
    }

    private void PrintText(string interfaceName, DeviceEvent happened)
    {
        string time = Time(happened).ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
        string name = interfaceWidth > 0 ? interfaceName.PadRight(interfaceWidth) + "  " : "";
        string kind = Coloured(happened.Kind, UapiEvent.NameOf(happened.Kind).PadRight(NameWidth));
        string peer = (happened.Peer?.ToString() ?? "-").PadRight(KeyLength);
        output.WriteLine($"{time}  {name}{kind}  {peer}  {Details(happened)}".TrimEnd());
    }

    private static string Details(DeviceEvent happened)
    {
        List<string> details = [];
        Add(happened.Address?.ToString());
        Add(happened.Owner is { } owner ? $"owner {owner}" : null);
        Add(happened.Endpoint?.ToString());
        Add(happened.Reason?.Replace('_', ' '));
        Add(happened.Number is { } number ? string.Create(CultureInfo.InvariantCulture, $"count {number}") : null);
        return string.Join(", ", details);

        void Add(string? detail)
        {
            if (detail is not null)
            {
                details.Add(detail);
            }
        }
    }

    private void PrintJson(string interfaceName, DeviceEvent happened) => JsonLine.Write(output, line =>
    {
        line.WriteString("interface", interfaceName);
        line.WriteString("event", UapiEvent.NameOf(happened.Kind));
        long fraction = happened.WallTime % 1_000_000_000;
        line.WriteString("time", string.Create(CultureInfo.InvariantCulture, $"{Time(happened):yyyy-MM-dd'T'HH:mm:ss}.{fraction:D9}Z"));
        Write("public_key", happened.Peer);
        WriteText("address", happened.Address?.ToString());
        Write("owner", happened.Owner);
        WriteText("endpoint", happened.Endpoint?.ToString());
        WriteText("reason", happened.Reason);
        if (happened.Number is { } number)
        {
            line.WriteNumber("count", number);
        }

        void Write(string name, PublicKey? key) => WriteText(name, key?.ToString());

        void WriteText(string name, string? value)
        {
            if (value is not null)
            {
                line.WriteString(name, value);
            }
        }
    });

    private static DateTimeOffset Time(DeviceEvent happened) => DateTimeOffset.UnixEpoch.AddTicks(happened.WallTime / TimeSpan.NanosecondsPerTick);

    private string Coloured(DeviceEventKind kind, string text) => kind switch
    {
        DeviceEventKind.Conflict or DeviceEventKind.Refused or DeviceEventKind.Lost => paint.Red(text),
        DeviceEventKind.Learned or DeviceEventKind.Pinned or DeviceEventKind.PeerAdded => paint.Green(text),
        DeviceEventKind.Expired or DeviceEventKind.Evicted or DeviceEventKind.Forgotten or DeviceEventKind.Contradicted
            or DeviceEventKind.Unpinned or DeviceEventKind.PeerRemoved => paint.Yellow(text),
        _ => paint.Cyan(text),
    };
}
