using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol;

public class HandshakeTests
{
    [Fact]
    public void Handshake_BothSidesKnowEachOther_CarriesDataBothWays()
    {
        (Side a, Side b) = Side.Connected();

        Assert.Equal(DropReason.None, a.Deliver(b, "there"u8, 1));
        Assert.Equal(DropReason.None, b.Deliver(a, "and back"u8, 2));
    }

    [Fact]
    public void Handshake_SamePresharedKey_CarriesData()
    {
        (Side a, Side b) = Side.Pair();
        byte[] key = Enumerable.Repeat((byte)7, 32).ToArray();
        a.Session.SetPresharedKey(key, 0);
        b.Session.SetPresharedKey(key, 0);

        a.Connect(b, 0);

        Assert.Equal(DropReason.None, a.Deliver(b, "secret"u8, 1));
    }

    [Fact]
    public void Handshake_PresharedKeyOnOneSide_ResponseIsDropped()
    {
        (Side a, Side b) = Side.Pair();
        a.Session.SetPresharedKey(Enumerable.Repeat((byte)7, 32).ToArray(), 0);

        Assert.Equal(HandshakeEvent.InitiationConsumed, b.Consume(a.Initiate(0)!, 0).Event);

        Assert.Equal(DropReason.BadHandshake, a.Consume(b.Reply, 0).Reason);
        Assert.Null(a.Session.SendingKeypair(0));
    }

    [Fact]
    public void Responder_BeforeFirstPacket_HasNoSendingKeypair()
    {
        (Side a, Side b) = Side.Pair();
        b.Consume(a.Initiate(0)!, 0);
        a.Consume(b.Reply, 0);

        Assert.Null(b.Session.SendingKeypair(0));
        b.Receive(a.Send([], 0)!, 0, out _, out SessionActions actions);

        Assert.True(actions.HasFlag(SessionActions.SendStaged));
        Assert.NotNull(b.Session.SendingKeypair(0));
    }
}
