using WgNet.Cli.Quick;
using WgNet.Device;
using WgNet.Routing;
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
    [InlineData("10.0.0.0/24", true)]
    [InlineData("10.0.0.128/25", true)]
    [InlineData("10.0.0.0/16", false)]
    [InlineData("10.0.1.0/24", false)]
    [InlineData("a00::/24", false)]
    public void IsCovered_RouteOfTheInterface_OnlyByASameOrShorterOne(string prefix, bool expected) =>
        Assert.Equal(expected, RoutePlan.IsCovered(SampleDevices.Prefix(prefix), [SampleDevices.Prefix("10.0.0.0/24")]));

    [Fact]
    public void Make_AutomaticTable_LeavesOutWhatIsCoveredAndSetsDefaultsApart()
    {
        var plan = RoutePlan.Make(Prefixes("10.0.0.2/32", "10.9.0.0/16", "0.0.0.0/0"), default, Prefixes("10.0.0.0/24"));

        Assert.Equal(["10.9.0.0/16"], plan.Routes.Select(route => route.ToString()));
        Assert.Equal((true, false), (plan.DefaultIPv4, plan.DefaultIPv6));
    }

    [Fact]
    public void Make_TableByNumber_HasEveryPrefixThere()
    {
        var plan = RoutePlan.Make(Prefixes("10.0.0.2/32", "::/0"), new TableChoice(IsOff: false, 77), Prefixes("10.0.0.0/24"));

        Assert.Equal(["10.0.0.2/32 table 77", "::/0 table 77"], plan.Routes.Select(route => route.ToString()));
        Assert.False(plan.HasDefault);
    }

    [Theory]
    [InlineData("main", 254)]
    [InlineData("1234", 1234)]
    [InlineData("0x10", 16)]
    [InlineData("tunnels", 77)]
    public void TryParse_NumberOrName_IsItsNumber(string text, int expected)
    {
        Assert.True(TableChoice.TryParse(text, ["# comment", "255\tlocal", "77 tunnels # mine"], out uint table));
        Assert.Equal((uint)expected, table);
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("-1")]
    [InlineData("99999999999")]
    public void TryParse_Unknown_IsRefused(string text) => Assert.False(TableChoice.TryParse(text, [], out _));

    private static IpPrefix[] Prefixes(params string[] prefixes) => [.. prefixes.Select(SampleDevices.Prefix)];

    private static void Add(List<PrefixUpdate> list, params string[] prefixes) =>
        list.AddRange(prefixes.Select(prefix => new PrefixUpdate(SampleDevices.Prefix(prefix), Remove: false)));
}
