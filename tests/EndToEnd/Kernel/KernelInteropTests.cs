using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd.Kernel;

/// <summary>WgNet and the Linux kernel's WireGuard, with Debian's kernel.</summary>
[Collection(nameof(KernelGuest))]
public sealed class KernelInteropTests(KernelGuest guest)
{
    private const string RekeyAfterTwoSeconds = "WGNET_TEST_REKEY_AFTER_TIME=2";

    [Theory]
    [MemberData(nameof(Matrix.Outsides), MemberType = typeof(Matrix))]
    public void Ping_WgNetSpeaksFirst_BothFamiliesAreAnsweredBothWays(Outside outside)
    {
        using var pair = new KernelPair(guest);
        pair.TellLocal(outside);

        // 1420 bytes inside: the longest that fit.
        Ping.Succeeds(guest.Host, TunnelPair.RightIPv4, "-M", "do", "-s", "1392");
        Ping.Succeeds(guest.Host, TunnelPair.RightIPv6, "-M", "do", "-s", "1372");
        guest.Pings(TunnelPair.LeftIPv4);
        guest.Pings(TunnelPair.LeftIPv6);
        Assert.Equal(Tunnel.Endpoint(guest.Host.Address(outside)), pair.Remote.EndpointOf(pair.Local));
    }

    [Theory]
    [MemberData(nameof(Matrix.Outsides), MemberType = typeof(Matrix))]
    public void Ping_KernelSpeaksFirst_BothFamiliesAreAnsweredBothWays(Outside outside)
    {
        using var pair = new KernelPair(guest);
        pair.TellRemote(outside);

        guest.Pings(TunnelPair.LeftIPv6);
        guest.Pings(TunnelPair.LeftIPv4);
        Ping.Succeeds(guest.Host, TunnelPair.RightIPv6);
        Ping.Succeeds(guest.Host, TunnelPair.RightIPv4);
    }

    [Theory]
    [MemberData(nameof(Matrix.Outsides), MemberType = typeof(Matrix))]
    public void Tcp_EachWay_ArrivesUnchanged(Outside outside)
    {
        using var pair = new KernelPair(guest);
        pair.TellLocal(outside);
        KernelTransfer.RunBothWays(guest, outside == Outside.IPv4 ? TunnelPair.RightIPv6 : TunnelPair.RightIPv4);
    }

    [Fact]
    public void PresharedKey_OnOneSideThenOnBoth_PassesNothingThenAll()
    {
        using var pair = new KernelPair(guest);
        string key = Command.Run("wg", "genpsk").Trim();
        pair.TellLocal(Outside.IPv4);
        pair.Remote.SetPresharedKey(pair.Local, key);
        Ping.Fails(guest.Host, TunnelPair.RightIPv4);

        CommandResult set = guest.Host.TryRun(
            ["wg", "set", pair.Local.Name, "peer", pair.Remote.Keys.Public, "preshared-key", "/dev/stdin"], key);
        Assert.True(set.Succeeded, set.ToString());
        Ping.SucceedsWithin(TimeSpan.FromSeconds(15), guest.Host, TunnelPair.RightIPv4, "no handshake with equal preshared keys");
        guest.Pings(TunnelPair.LeftIPv6);
    }

    [Fact]
    public async Task Rekey_EveryFewSecondsUnderPings_LosesNone()
    {
        using var pair = new KernelPair(guest, RekeyAfterTwoSeconds);
        pair.TellLocal(Outside.IPv6);
        Ping.Succeeds(guest.Host, TunnelPair.RightIPv4);
        var handshakes = new HashSet<long>();
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        var lost = Task.Run(() => Ping.Lost(guest.Host, TunnelPair.RightIPv6, 600, interval: 20), cancelled);
        while (!lost.IsCompleted)
        {
            handshakes.Add(pair.Remote.LatestHandshake(pair.Local));
            await Task.Delay(TimeSpan.FromSeconds(1), cancelled);
        }

        Assert.Empty(await lost);
        Assert.True(handshakes.Count >= 3, $"the kernel saw only {handshakes.Count} handshakes");
    }

    [Fact]
    public void ListenPort_ChangedAtEitherEnd_IsFollowed()
    {
        using var pair = new KernelPair(guest);
        pair.TellLocal(Outside.IPv6);
        Ping.Succeeds(guest.Host, TunnelPair.RightIPv4);

        pair.Local.ListenOn(51998);
        Ping.Succeeds(guest.Host, TunnelPair.RightIPv4);
        Assert.Equal(Tunnel.Endpoint(guest.Host.Address(Outside.IPv6), 51998), pair.Remote.EndpointOf(pair.Local));

        pair.Remote.Set("listen-port 51999");
        guest.Pings(TunnelPair.LeftIPv4);
        Assert.Equal(
            [Tunnel.Endpoint(KernelGuest.Address(Outside.IPv6), 51999)],
            pair.Local.PeerValues(pair.Remote.Keys, "endpoint"));
    }
}
