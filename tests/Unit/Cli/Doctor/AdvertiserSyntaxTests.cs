using WgNet.Cli.Doctor;
using WgNet.Routing;
using Xunit;

namespace WgNet.Unit.Cli.Doctor;

public sealed class AdvertiserSyntaxTests
{
    [Theory]
    [InlineData("interface wg0 { AdvSendAdvert on; UnicastOnly on; prefix 2001:db8:1::/64 { }; };", "2001:db8:1::/64", false)]
    [InlineData("# interface wg0\ninterface eth0 { AdvSendAdvert on; prefix 2001:db8:9::/64 {}; };\ninterface wg0\n{\n\tAdvSendAdvert on;\n\tprefix 2001:db8:1::/64\n\t{\n\t\tAdvOnLink on;\n\t};\n};\n", "2001:db8:1::/64", false)]
    [InlineData("interface wg0 { AdvSendAdvert on; prefix ::/64 { }; };", "::/64", true)]
    [InlineData("interface wg0 { AdvSendAdvert off; prefix 2001:db8:1::/64 { }; };", "", false)]
    [InlineData("interface wg01 { AdvSendAdvert on; prefix 2001:db8:1::/64 { }; };", "", false)]
    [InlineData("interface wg0 { AdvSendAdvert on; # prefix 2001:db8:1::/64 { };\n };", "", false)]
    [InlineData("interface wg0 { AdvSendAdvert on; prefix", "", false)]
    [InlineData("interface wg0", "", false)]
    [InlineData("", "", false)]
    public void Radvd(string text, string prefixes, bool own) => AssertReads(AdvertiserSyntax.Radvd(text, "wg0"), prefixes, own);

    [Theory]
    [InlineData("protocol radv { interface \"wg0\" { prefix 2001:db8:1::/64 { }; }; }", "2001:db8:1::/64", true)]
    [InlineData("protocol radv r { interface \"eth*\", \"wg*\" { min ra interval 5; }; }", "", true)]
    [InlineData("protocol radv { }", "", true)]
    [InlineData("protocol radv { interface \"eth0\" { prefix 2001:db8:1::/64 { }; }; }", "", false)]
    [InlineData("protocol ospf { interface \"wg0\" { }; }", "", false)]
    [InlineData("protocol radv", "", false)]
    public void Bird(string text, string prefixes, bool own) => AssertReads(AdvertiserSyntax.Bird(text, "wg0"), prefixes, own);

    [Theory]
    [InlineData("enable-ra\ndhcp-range=2001:db8:1::, slaac\n", "2001:db8:1::/64", false)]
    [InlineData("dhcp-range=2001:db8:1::,ra-only # here", "2001:db8:1::/64", false)]
    [InlineData("enable-ra\ndhcp-range=::1,::400,constructor:wg*,ra-names", "::/64", true)]
    [InlineData("dhcp-range=2001:db8:1::2,2001:db8:1::400", "", false)]
    [InlineData("enable-ra\ndhcp-range=10.0.0.2,10.0.0.9", "", false)]
    [InlineData("#enable-ra\ndhcp-range=::,constructor:wg0", "", false)]
    public void Dnsmasq(string text, string prefixes, bool own) => AssertReads(AdvertiserSyntax.Dnsmasq(text, "wg0"), prefixes, own);

    [Theory]
    [InlineData("[Match]\nName=eth0 wg0\n[Network]\nIPv6SendRA=yes\n[IPv6Prefix]\nPrefix=2001:db8:1::/64\n", "2001:db8:1::/64", true)]
    [InlineData("[Match]\nName=wg*\n[Network]\nIPv6SendRA=yes\n", "", true)]
    [InlineData("[Match]\nName=wg0\n[Network]\nIPv6SendRA=no\n", "", false)]
    [InlineData("[Match]\nName=eth0\n[Network]\nIPv6SendRA=yes\n", "", false)]
    public void Networkd(string text, string prefixes, bool own) => AssertReads(AdvertiserSyntax.Networkd(text, "wg0"), prefixes, own);

    private static void AssertReads((IReadOnlyList<IpPrefix> Prefixes, bool Own) read, string prefixes, bool own) =>
        Assert.Equal((prefixes, own), (string.Join(' ', read.Prefixes), read.Own));
}
