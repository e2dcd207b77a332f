using WgNet.Cli;
using WgNet.Cli.Daemon;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class DaemonEnvironmentTests
{
    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("silent", false)]
    [InlineData("error", true)]
    [InlineData("verbose", true)]
    public void KeepsOutput_OnlyWhereALogIsAskedFor(string? level, bool expected) => Assert.Equal(expected, With("LOG_LEVEL", level).KeepsOutput);

    [Theory]
    [InlineData("WGNET_OFFLOAD", false, false)]
    [InlineData("WGNET_TUN_OFFLOAD", false, true)]
    [InlineData("WGNET_UDP_OFFLOAD", true, false)]
    [InlineData("UNRELATED", true, true)]
    public void Offload_SwitchedOff_AffectsItsOwn(string variable, bool tun, bool udp)
    {
        DaemonEnvironment environment = With(variable, "off");

        Assert.Equal((tun, udp), (environment.TunOffload, environment.UdpOffload));
    }

    [Fact]
    public void Values_Nonsense_IsRefusedByName()
    {
        AssertRefused("WGNET_OFFLOAD", "maybe", environment => environment.TunOffload);
        Assert.All(["17", "1000", "0", "-1", "two"], count => AssertRefused("WGNET_WORKERS", count, environment => environment.Workers));
        AssertRefused("WG_TUN_FD", "-1", environment => environment.TunDescriptor);
        AssertRefused("WGNET_TEST_REKEY_AFTER_TIME", "0", environment => environment.RekeyAfterTime);
        AssertRefused("WGNET_TEST_STATE_INTERVAL", "-1", environment => environment.StateInterval);
    }

    [Fact]
    public void Numbers_InRange_AreTaken()
    {
        Assert.Equal(7, With("WG_TUN_FD", "7").TunDescriptor);
        Assert.Equal(8, With("WG_UAPI_FD", "8").UapiDescriptor);
        Assert.Null(With("WG_UAPI_FD", null).UapiDescriptor);
        Assert.Equal(4, With("WGNET_WORKERS", "4").Workers);
        Assert.Null(With("WGNET_WORKERS", null).Workers);
        Assert.Equal(TimeSpan.Zero, With("WGNET_TEST_STATE_INTERVAL", "0").StateInterval);
        Assert.Null(With("WGNET_TEST_STATE_INTERVAL", null).StateInterval);
    }

    private static void AssertRefused(string variable, string value, Func<DaemonEnvironment, object?> read)
    {
        CommandException exception = Assert.Throws<CommandException>(() => read(With(variable, value)));
        Assert.StartsWith($"{variable} is `{value}': ", exception.Message, StringComparison.Ordinal);
    }

    private static DaemonEnvironment With(string variable, string? value) => new(name => name == variable ? value : null);
}
