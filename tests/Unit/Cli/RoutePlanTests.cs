using System.Net;
using WgNet.Cli;
using WgNet.Cli.Quick;
using WgNet.Device;
using WgNet.Linux;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class RoutePlanTests
{
    [Fact]
    public void Prefixes_AllowedAndLearnable_LongestFirstAndOnce()
    {
        DeviceUpdate update = new();
        PeerUpdate first = new(SampleDevices.Key(1));
        Add(first.AllowedIps, "0.0.0.0/0", "10.0.0.0/24");
        Add(first.LearnableIps, "2001:db8::/64");
        PeerUpdate second = new(SampleDevices.Key(2));
        Add(second.AllowedIps, "2001:db8::5/128");
        Add(second.LearnableIps, "2001:db8::/64");
        update.Peers.AddRange([first, second]);

        Assert.Equal(
            ["2001:db8::5/128", "2001:db8::/64", "10.0.0.0/24", "0.0.0.0/0"],
            RoutePlan.Prefixes(update).Select(prefix => prefix.ToString()));
    }

    [Theory]
    [InlineData("10.0.0.0/24", 7, true)]
    [InlineData("10.0.0.128/25", 7, true)]
    [InlineData("10.0.0.0/16", 7, false)]
    [InlineData("10.0.1.0/24", 7, false)]
    [InlineData("10.0.0.0/24", 8, false)]
    public void IsCovered_RouteOfTheInterface_OnlyByASameOrShorterOne(string prefix, int interfaceIndex, bool expected)
    {
        RouteInfo route = new(IPAddress.Parse("10.0.0.0"), 24, RouteNetlink.MainTable, 7, null, null, 0);

        Assert.Equal(expected, RoutePlan.IsCovered(SampleDevices.Prefix(prefix), [route], interfaceIndex));
    }

    [Theory]
    [InlineData("main", 254)]
    [InlineData("1234", 1234)]
    [InlineData("0x10", 16)]
    [InlineData("tunnels", 77)]
    public void ParseTable_NumberOrName_IsItsNumber(string text, int expected) =>
        Assert.Equal((uint)expected, RoutePlan.ParseTable(text, ["# comment", "255\tlocal", "77 tunnels # mine"]));

    [Theory]
    [InlineData("nowhere")]
    [InlineData("-1")]
    [InlineData("99999999999")]
    public void ParseTable_Unknown_IsRefused(string text) =>
        Assert.StartsWith($"Table is `{text}'", Assert.Throws<CommandException>(() => RoutePlan.ParseTable(text, [])).Message, StringComparison.Ordinal);

    private static void Add(List<PrefixUpdate> list, params string[] prefixes) =>
        list.AddRange(prefixes.Select(prefix => new PrefixUpdate(SampleDevices.Prefix(prefix), Remove: false)));
}
