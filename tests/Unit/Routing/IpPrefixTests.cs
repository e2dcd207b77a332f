using WgNet.Routing;
using Xunit;

namespace WgNet.Unit.Routing;

public sealed class IpPrefixTests
{
    [Theory]
    [InlineData("192.0.2.77/24", "192.0.2.0/24")]
    [InlineData("192.0.2.77", "192.0.2.77/32")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("255.10.100.9", "255.10.100.9/32")]
    [InlineData("::ffff:192.0.2.1", "::ffff:192.0.2.1/128")]
    [InlineData("2001:db8::1/64", "2001:db8::/64")]
    [InlineData("::/0", "::/0")]
    [InlineData("fe80::1", "fe80::1/128")]
    public void TryParse_GoodPrefix_ClearsHostBits(string text, string expected)
    {
        Assert.True(IpPrefix.TryParse(text, out IpPrefix prefix));
        Assert.Equal(expected, prefix.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1.2.3/8")]
    [InlineData("010.1.1.1/8")]
    [InlineData("1.2.3.00/8")]
    [InlineData("1.2.3.256/8")]
    [InlineData("1.2.3.0000000001/8")]
    [InlineData("1.2.3.4.5/8")]
    [InlineData("1..3.4/8")]
    [InlineData(".1.2.3/8")]
    [InlineData("1.2.3./8")]
    [InlineData("1.2.3.4 /8")]
    [InlineData("1.2.3.4/33")]
    [InlineData("1.2.3.4/")]
    [InlineData("1.2.3.4/-1")]
    [InlineData("1.2.3.4/+8")]
    [InlineData("::/129")]
    [InlineData("fe80::1%eth0/64")]
    [InlineData("[::1]/64")]
    [InlineData("host.example/24")]
    public void TryParse_BadPrefix_IsRefused(string text) => Assert.False(IpPrefix.TryParse(text, out _));
}
