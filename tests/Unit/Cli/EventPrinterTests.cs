using System.Net;
using System.Text.Json;
using WgNet.Cli.Monitor;
using WgNet.Cli.Show;
using WgNet.Device.Events;
using WgNet.Udp;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class EventPrinterTests
{
    private const long Moment = 1_700_000_000_123_456_789;

    private const string Key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    private static readonly string Local =
        DateTimeOffset.FromUnixTimeMilliseconds(Moment / 1_000_000).ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.fff", System.Globalization.CultureInfo.InvariantCulture);

    private static readonly DeviceEvent Conflict = new(DeviceEventKind.Conflict)
    {
        WallTime = Moment,
        Peer = SampleDevices.Key(1),
        Address = IPAddress.Parse("2001:db8::5"),
        Owner = SampleDevices.Key(0xff),
        Number = 12,
    };

    [Fact]
    public void Print_Text_LinesUp()
    {
        Assert.Equal(
            $"""
            {Local}  wg0   conflict             {Key}  2001:db8::5, owner //////////////////////////////////////////8=, count 12
            {Local}  wg10  lost                 -                                             count 3
            {Local}  wg0   handshake_completed  {Key}  192.0.2.1:5, answered
            {Local}  wg0   peer_added           {Key}

            """,
            Printed(json: false, interfaceWidth: 4));
    }

    [Fact]
    public void Print_TextOfOneInterface_LeavesItsNameOut() =>
        Assert.StartsWith($"{Local}  conflict             {Key}  ", Printed(json: false, interfaceWidth: 0), StringComparison.Ordinal);

    [Fact]
    public void Print_Json_IsAnObjectALine()
    {
        string[] lines = Printed(json: true, interfaceWidth: 4).TrimEnd().Split('\n');
        Assert.Equal(
            $$"""{"interface":"wg0","event":"conflict","time":"2023-11-14T22:13:20.123456789Z","public_key":"{{Key}}","address":"2001:db8::5","owner":"//////////////////////////////////////////8=","count":12}""",
            lines[0]);
        Assert.Equal("""{"interface":"wg10","event":"lost","time":"2023-11-14T22:13:20.123456789Z","count":3}""", lines[1]);
        Assert.All(lines, line => JsonDocument.Parse(line).Dispose());
    }

    [Fact]
    public void Print_OnATerminal_ColoursTheKindAlone()
    {
        using StringWriter output = new();
        new EventPrinter(output, Paint.For("always", isTerminal: false), json: false, 0).Print("wg0", Conflict);
        Assert.StartsWith($"{Local}  \e[31mconflict           \e[0m  {Key}  ", output.ToString(), StringComparison.Ordinal);
    }

    private static string Printed(bool json, int interfaceWidth)
    {
        using StringWriter output = new();
        var printer = new EventPrinter(output, Paint.None, json, interfaceWidth);
        printer.Print("wg0", Conflict);
        printer.Print("wg10", new DeviceEvent(DeviceEventKind.Lost) { WallTime = Moment, Number = 3 });
        printer.Print("wg0", new DeviceEvent(DeviceEventKind.HandshakeCompleted)
        {
            WallTime = Moment,
            Peer = SampleDevices.Key(1),
            Endpoint = new Endpoint(IPAddress.Parse("192.0.2.1"), 5),
            Reason = "answered",
        });
        printer.Print("wg0", new DeviceEvent(DeviceEventKind.PeerAdded) { WallTime = Moment, Peer = SampleDevices.Key(1) });
        return output.ToString();
    }
}
