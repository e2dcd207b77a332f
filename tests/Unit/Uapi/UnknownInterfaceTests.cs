using WgNet.Uapi;
using Xunit;

namespace WgNet.Unit.Uapi;

public sealed class UnknownInterfaceTests
{
    [Theory]
    [InlineData(null, "no such WireGuard interface (there is no /x.sock)")]
    [InlineData("wireguard", "a kernel WireGuard interface, which WgNet does not run: use wg(8)")]
    [InlineData("tun", "a tun interface, but the process that runs it, if it is WireGuard, has no control socket (there is no /x.sock)")]
    [InlineData("", "not a WireGuard interface")]
    [InlineData("veth", "not a WireGuard interface, but one of kind veth")]
    public void Explain_Kind_SaysWhatItIsAndWhatToDo(string? kind, string expected) => Assert.Equal(expected, UnknownInterface.Explain(kind, "/x.sock"));
}
