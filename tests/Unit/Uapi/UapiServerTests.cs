using System.Net.Sockets;
using WgNet.Device;
using WgNet.Routing;
using WgNet.Uapi;
using Xunit;

namespace WgNet.Unit.Uapi;

public sealed class UapiServerTests
{
    [Fact]
    public void Open_SocketFile_IsForOwnerOnly()
    {
        using var server = new ServerFixture();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(server.Path));
    }

    [Fact]
    public void Open_LiveSocket_IsAlreadyRunning()
    {
        using var server = new ServerFixture();
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => UapiListener.Open(server.Name));
        Assert.Contains("already running", error.Message, StringComparison.Ordinal);
        Assert.Equal("errno=0\n\n", server.Exchange("get=1\n\n"));
    }

    [Fact]
    public void Dispose_SocketFile_IsRemoved()
    {
        var server = new ServerFixture();
        server.Dispose();
        Assert.False(File.Exists(server.Path));
    }

    [Fact]
    public void SocketFile_Removed_RaisesSocketRemoved()
    {
        using var server = new ServerFixture();
        using var removed = new ManualResetEventSlim();
        server.Server.SocketRemoved += removed.Set;
        File.Delete(server.Path);
        Assert.True(removed.Wait(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void Requests_Pipelined_AreAnsweredInOrder()
    {
        using var server = new ServerFixture();
        server.Device.Report = () => new DeviceSnapshot { ListenPort = 9 };
        Assert.Equal("errno=0\n\nlisten_port=9\nerrno=0\n\nerrno=-22\n\nlisten_port=9\nerrno=0\n\n",
            server.Exchange("set=1\nlisten_port=1\n\nget=1\n\nset=1\nlisten_port=x\n\nget=1\n\n"));
    }

    [Fact]
    public void Request_ByteByByte_IsUnderstood()
    {
        using var server = new ServerFixture();
        using Socket client = server.Connect();
        foreach (char c in "set=1\nlisten_port=77\n\n")
        {
            ServerFixture.Send(client, c.ToString());
        }

        Assert.Equal("errno=0\n\n", ServerFixture.ReadAnswer(client));
        Assert.Equal((ushort?)77, server.Device.Applied[0].ListenPort);
    }

    [Theory]
    [InlineData("set=1\nlisten_port=1\n", "errno=-71\n\n")]
    [InlineData("set=1\nlisten_po", "errno=-71\n\n")]
    [InlineData("get=1\n", "")]
    [InlineData("nonsense\n\n", "")]
    [InlineData("get=1\nx\n", "errno=-22\n\n")]
    public void Request_Unfinished_ChangesNothing(string text, string answer)
    {
        using var server = new ServerFixture();
        Assert.Equal(answer, server.Exchange(text));
        Assert.Empty(server.Device.Applied);
    }

    [Fact]
    public void Request_EndlessLine_IsRefused()
    {
        using var server = new ServerFixture();
        using Socket client = server.Connect();
        ServerFixture.Send(client, "set=1\n" + new string('x', 5000));
        Assert.Equal("errno=-5\n\n", ServerFixture.ReadAnswer(client));
    }

    [Fact]
    public void Clients_IdleAndUnfinished_DoNotDisturbOthers()
    {
        using var server = new ServerFixture();
        List<Socket> idle = [.. Enumerable.Range(0, 100).Select(_ => server.Connect())];
        idle.ForEach(client => ServerFixture.Send(client, "set=1\nlisten_port=1\n"));
        Assert.Equal("errno=0\n\n", server.Exchange("get=1\n\n"));
        ServerFixture.Send(idle[50], "\n");
        Assert.Equal("errno=0\n\n", ServerFixture.ReadAnswer(idle[50]));
        idle.ForEach(client => client.Dispose());
    }

    [Fact]
    public void Client_ThatNeverReads_IsDroppedAndItsKeysWiped()
    {
        using var server = new ServerFixture(TimeSpan.FromMilliseconds(300));
        var large = new DeviceSnapshot { PrivateKey = [.. Enumerable.Repeat((byte)1, 32)] };
        large.Peers.Add(new PeerSnapshot(default));
        large.Peers[0].AllowedIps.AddRange(Enumerable.Repeat(new IpPrefix(0, 0, isIPv4: true), 200_000));
        server.Device.Report = () => large;
        using Socket client = server.Connect();
        ServerFixture.Send(client, "get=1\n\n");
        Assert.True(SpinWait.SpinUntil(() => Array.TrueForAll(large.PrivateKey, b => b == 0), TimeSpan.FromSeconds(10)));
        Assert.DoesNotContain("errno", ServerFixture.ReadToEnd(client), StringComparison.Ordinal);
    }

    [Fact]
    public void Client_GetAndSet_RoundTrip()
    {
        using var server = new ServerFixture();
        server.Device.Report = StockWgTests.Report;
        DeviceSnapshot device = UapiClient.Get(server.Name);
        PeerSnapshot peer = Assert.Single(device.Peers);
        Assert.Equal((51820, 42u, 2, "/run/m"), (device.ListenPort, device.FirewallMark, device.Workers, device.MetricsListen?.Path));
        Assert.Equal("/etc/wireguard/schlüssel.key", device.PrivateKeyFile);
        Assert.Equal((false, 9L), (device.StateFile, device.StateFileFailures));
        Assert.Equal(("gateway.example:1234", 5L), (peer.EndpointHost, peer.EndpointHostFailures));
        Assert.Equal(1_700_000_000_500_000_000, peer.LastHandshakeWallTime);
        Assert.Null(peer.PresharedKey);
        Assert.Equal(2, peer.AllowedIps.Count);
        Assert.Equal((16, 86400L), (peer.LearnLimit, peer.LearnTimeoutSeconds));
        Assert.Equal(StockWgTests.Report().Peers[0].LearnedAddresses, peer.LearnedAddresses);
        Assert.Equal(("conflict", 3L), Assert.Single(peer.Drops));
        Assert.Equal(("bad_mac1", 4L), Assert.Single(device.Drops));
        UapiClient.Set(server.Name, new DeviceUpdate { ListenPort = 5, Workers = 3, MetricsListen = MetricsAddress.Off, StateFile = false });
        Assert.Equal(((ushort?)5, 3), (server.Device.Applied[0].ListenPort, server.Device.Applied[0].Workers));
        Assert.Equal(MetricsAddress.Off, server.Device.Applied[0].MetricsListen);
        Assert.False(server.Device.Applied[0].StateFile);
    }

    [Fact]
    public void Client_NoInterface_SaysSo() => Assert.Contains("no such WireGuard interface",
        Assert.Throws<UapiException>(() => UapiClient.Get("wgtnone")).Message, StringComparison.Ordinal);
}
