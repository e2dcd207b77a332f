using WgNet.Device;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Uapi;
using WgNet.Udp;
using Xunit;

namespace WgNet.Unit.Uapi;

/// <summary>The client against WgNet's server, and against one that says nothing of being WgNet's, as wireguard-go does.</summary>
public sealed class UapiClientTests : IDisposable
{
    private readonly ServerFixture _fixture = new();

    [Fact]
    public void Set_DeviceOfWgNet_GetsItsOwnKeysToo()
    {
        _fixture.Device.Report = () => new DeviceSnapshot { WgNetVersion = "1.0.0" };
        UapiClient.Set(_fixture.Name, WithDemands());

        PeerUpdate peer = Assert.Single(Assert.Single(_fixture.Device.Applied).Peers);
        Assert.Equal(("gateway.example:7", 4, 60L), (peer.EndpointHost, peer.LearnLimit, peer.LearnTimeoutSeconds));
        Assert.True(peer.ReplaceLearnableIps);
        Assert.Single(peer.LearnableIps);
    }

    [Fact]
    public void Set_DeviceOfAnother_GetsWhatItKnowsAlone()
    {
        UapiClient.Set(_fixture.Name, WithoutDemands());

        DeviceUpdate update = Assert.Single(_fixture.Device.Applied);
        PeerUpdate peer = Assert.Single(update.Peers);
        Assert.Null(update.Workers);
        Assert.Equal(("192.0.2.1:7", ""), (peer.Endpoint?.ToString(), peer.EndpointHost));
        Assert.True(peer.ReplaceAllowedIps);
        Assert.False(peer.ReplaceLearnableIps);
    }

    [Fact]
    public void Set_DeviceOfAnotherAskedToLearn_IsRefusedAndNothingIsSent()
    {
        UapiException refusal = Assert.Throws<UapiException>(() => UapiClient.Set(_fixture.Name, WithDemands()));

        Assert.Equal($"{_fixture.Name}: another implementation runs it, which has no learnable addresses", refusal.Message);
        Assert.Equal(Errno.EOPNOTSUPP, refusal.Errno);
        Assert.Empty(_fixture.Device.Applied);
    }

    [Fact]
    public void Set_RefusedByWgNet_SaysWhatAndWhy()
    {
        _fixture.Device.Report = () => new DeviceSnapshot { WgNetVersion = "1.0.0" };
        _fixture.Device.Refusal = new ConfigurationException("listen port 5: taken\nby ü", Errno.EADDRINUSE) { Key = "listen_port" };

        UapiException refusal = Assert.Throws<UapiException>(() => UapiClient.Set(_fixture.Name, new DeviceUpdate { ListenPort = 5 }));

        Assert.Equal((Errno.EADDRINUSE, "listen_port", "listen port 5: taken?by ü"), (refusal.Errno, refusal.RefusedKey, refusal.RefusedReason));
        Assert.Equal($"{_fixture.Name}: the configuration was refused: listen port 5: taken?by ü", refusal.Message);
    }

    [Fact]
    public void Set_RefusedByAnother_SaysWhatErrnoMeans()
    {
        _fixture.Device.Refusal = new ConfigurationException("nobody hears this", Errno.EADDRINUSE);

        UapiException refusal = Assert.Throws<UapiException>(() => UapiClient.Set(_fixture.Name, new DeviceUpdate { ListenPort = 5 }));

        Assert.Equal($"{_fixture.Name}: the configuration was refused: Address already in use", refusal.Message);
    }

    public void Dispose() => _fixture.Dispose();

    // As a file makes it that says nothing of learning.
    private static DeviceUpdate WithoutDemands()
    {
        var update = new DeviceUpdate { Workers = WorkerCount.Automatic };
        update.Peers.Add(new PeerUpdate(new PublicKey([.. Enumerable.Repeat((byte)1, PublicKey.Size)]))
        {
            Endpoint = Endpoint.TryParse("192.0.2.1:7", out Endpoint? endpoint) ? endpoint : null,
            EndpointHost = "gateway.example:7",
            ReplaceAllowedIps = true,
            ReplaceLearnableIps = true,
        });
        return update;
    }

    private static DeviceUpdate WithDemands()
    {
        DeviceUpdate update = WithoutDemands();
        update.Peers[0].LearnLimit = 4;
        update.Peers[0].LearnTimeoutSeconds = 60;
        update.Peers[0].LearnableIps.Add(new PrefixUpdate(Cli.SampleDevices.Prefix("2001:db8::/64"), Remove: false));
        return update;
    }
}
