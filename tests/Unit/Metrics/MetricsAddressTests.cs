using WgNet.Device;
using Xunit;

namespace WgNet.Unit.Metrics;

public sealed class MetricsAddressTests
{
    [Theory]
    [InlineData("", "off")]
    [InlineData("Off", "off")]
    [InlineData("/run/wgnet/wg0.metrics", "/run/wgnet/wg0.metrics")]
    [InlineData("127.0.0.1:9586", "127.0.0.1:9586")]
    [InlineData("[::1]:9586", "[::1]:9586")]
    [InlineData("[2001:DB8:0::1]:9586", "[2001:db8::1]:9586")]
    [InlineData(":9586", "[::]:9586")]
    public void TryParse_Place_IsUnderstoodAndUnderstandsItself(string text, string shown)
    {
        Assert.True(MetricsAddress.TryParse(text, out MetricsAddress? address));
        Assert.Equal(shown, address.ToString());
        Assert.True(MetricsAddress.TryParse(shown, out MetricsAddress? again));
        Assert.Equal(address, again);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/run/")]
    [InlineData("/run/a b")]
    [InlineData("/run/a\nb")]
    [InlineData("run/relative")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("010.0.0.1:9586")]
    [InlineData("1:9586")]
    [InlineData("::1:9586")]
    [InlineData("[::1]")]
    [InlineData("localhost:9586")]
    [InlineData("9586")]
    public void TryParse_Nonsense_IsRefused(string text) => Assert.False(MetricsAddress.TryParse(text, out _));

    [Fact]
    public void TryParse_PathAsLongAsTheKernelTakes_IsTheLongest()
    {
        Assert.True(MetricsAddress.TryParse("/" + new string('x', 106), out _));
        Assert.False(MetricsAddress.TryParse("/" + new string('x', 107), out _));
    }
}
