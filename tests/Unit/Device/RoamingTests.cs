using System.Net;
using System.Net.Sockets;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Udp;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

public sealed class RoamingTests
{
    /// <summary>The peer is a bare session table; it answers from another port than the one that it is known by.</summary>
    [Fact]
    public void Endpoint_CookieReplyFromElsewhere_StaysButResponseMovesIt()
    {
        using var near = new End();
        using var far = new SessionTable(new SodiumPrimitives());
        far.SetPrivateKey(new byte[32].Select(_ => (byte)7).ToArray(), Clock.BootTime);
        far.Add(near.PublicKey, owner: null);
        using var known = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var elsewhere = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        known.Client.ReceiveTimeout = (int)Soon.TotalMilliseconds;
        near.Change(new PeerUpdate(far.PublicKey) { Endpoint = EndpointOf(known), PersistentKeepalive = 25 });
        IPEndPoint? nearAddress = null;
        byte[] initiation = known.Receive(ref nearAddress);

        Assert.Equal(HandshakeEvent.CookieReplyCreated, Answer(underLoad: true));
        Assert.Equal(EndpointOf(known), Peer().Endpoint);

        Assert.Equal(HandshakeEvent.InitiationConsumed, Answer(underLoad: false));
        Assert.Equal(EndpointOf(elsewhere), Peer().Endpoint);

        PeerSnapshot Peer() => Assert.Single(near.Device.Snapshot().Peers);

        // Returns when the device has counted the answer, which it does before it acts on it.
        HandshakeEvent Answer(bool underLoad)
        {
            byte[] reply = new byte[92];
            HandshakeResult result = far.Consume(initiation, EndpointOf(known).CookieInput, underLoad, Clock.BootTime, Clock.WallTime, reply);
            long before = Peer().ReceivedBytes;
            elsewhere.Send(reply.AsSpan(0, result.ReplyLength), nearAddress);
            Assert.True(SpinWait.SpinUntil(() => Peer().ReceivedBytes == before + result.ReplyLength, Soon));
            Thread.Sleep(Shortly);
            return result.Event;
        }
    }

    private static Endpoint EndpointOf(UdpClient client) => new(IPAddress.Loopback, ((IPEndPoint)client.Client.LocalEndPoint!).Port);
}
