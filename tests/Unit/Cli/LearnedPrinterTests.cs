using WgNet.Cli.Learned;
using WgNet.Cli.Show;
using WgNet.Device;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class LearnedPrinterTests
{
    private const string First = "xxWX6tbaY40p4faQbHaDxiFfmAZcDR/EDxGWX4P0ZCc=";
    private const string Second = "ofWdksV7qyzxzqgSf26Nokqyge1v2DHx++Q0k/McfUk=";

    [Fact]
    public void Print_Table_IsSortedByAddressAndLinesUp() => Assert.Equal(
        $"""
        address            peer                                            age  first seen  packets  pinned
        2001:db8::2        {Second}   59 s        59 s        7
        2001:db8::10       {First}  2 min         3 d        0  yes
        2001:db8:0:1::abc  {First}    0 s         1 h  1234567

        """,
        Printed(json: false, withInterface: false));

    [Fact]
    public void Print_TableOfSeveralInterfaces_NamesEach()
    {
        string[] lines = Printed(json: false, withInterface: true).Split('\n');
        Assert.StartsWith("interface  address  ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("wg0        2001:db8::2  ", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Print_Json_IsAnObjectALine() => Assert.Equal(
        $$"""
        {"interface":"wg0","address":"2001:db8::2","peer":"{{Second}}","age_seconds":59,"first_seen_seconds":59,"packets":7,"pinned":false}
        {"interface":"wg0","address":"2001:db8::10","peer":"{{First}}","age_seconds":120,"first_seen_seconds":300000,"packets":0,"pinned":true}
        {"interface":"wg0","address":"2001:db8:0:1::abc","peer":"{{First}}","age_seconds":0,"first_seen_seconds":3600,"packets":1234567,"pinned":false}

        """,
        Printed(json: true, withInterface: false));

    [Fact]
    public void Print_NothingLearned_PrintsNothing()
    {
        using StringWriter output = new();
        var printer = new LearnedPrinter(output, Paint.None, json: false, withInterface: false);
        printer.Add("wg0", SampleDevices.TwoPeers());
        printer.End();
        Assert.Empty(output.ToString());
    }

    private static string Printed(bool json, bool withInterface)
    {
        DeviceSnapshot device = SampleDevices.TwoPeers();
        device.Peers[0].LearnedAddresses.Add(Learned("2001:db8:0:1::abc", age: 0, first: 3600, packets: 1_234_567));
        device.Peers[0].LearnedAddresses.Add(Learned("2001:db8::10", age: 120, first: 300_000, packets: 0) with { IsPinned = true });
        device.Peers[1].LearnedAddresses.Add(Learned("2001:db8::2", age: 59, first: 59, packets: 7));
        using StringWriter output = new();
        var printer = new LearnedPrinter(output, Paint.None, json, withInterface);
        printer.Add("wg0", device);
        printer.End();
        return output.ToString();
    }

    private static LearnedAddressSnapshot Learned(string address, long age, long first, long packets) =>
        new(SampleDevices.Prefix(address).Address, age) { FirstSeenSeconds = first, Packets = packets };
}
