using System.Buffers.Binary;
using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol;

/// <summary>What implementations got wrong before.</summary>
public class TrapTests
{
    private const long Second = Constants.Second;

    [Fact]
    public void TryReserve_AtTheNonceLimit_Refuses()
    {
        (Side a, _) = Side.Connected();
        Keypair keypair = a.Session.SendingKeypair(0)!;
        keypair.SendingCounter = Constants.RejectAfterMessages - 2;

        Assert.False(keypair.TryReserve(3, out _));
        Assert.True(keypair.TryReserve(2, out ulong counter));
        Assert.Equal(ulong.MaxValue - 8194, counter);
        Assert.False(keypair.TryReserve(1, out _));
        Assert.Null(a.Session.SendingKeypair(0));
    }

    [Fact]
    public void DataSent_After2To60Messages_AsksForNewKeys()
    {
        (Side a, _) = Side.Connected();
        a.Session.SendingKeypair(0)!.SendingCounter = Constants.RekeyAfterMessages + 1;

        a.Send("x"u8, 1, out SessionActions actions);

        Assert.True(actions.HasFlag(SessionActions.SendInitiation));
    }

    [Fact]
    public void Initiations_OneAfterAnother_HaveIndicesWithoutAPattern()
    {
        (Side a, _) = Side.Pair();
        uint[] indices = [.. Enumerable.Range(0, 100).Select(i => BinaryPrimitives.ReadUInt32LittleEndian(a.Initiate(i * 5 * Second).AsSpan(4)))];

        Assert.Equal(100, indices.Distinct().Count());
        Assert.Equal(99, indices.Zip(indices.Skip(1), (before, after) => after - before).Distinct().Count());
        Assert.Equal(uint.MaxValue, indices.Aggregate((one, other) => one | other));
        Assert.Equal(0u, indices.Aggregate((one, other) => one & other));
    }

    [Fact]
    public void Cookie_FromAnotherPort_IsNotAccepted()
    {
        (Side a, Side b) = Side.Pair();
        byte[] source = [192, 0, 2, 1, 0, 1];
        b.Consume(a.Initiate(0)!, 0, underLoad: true, source);
        a.Consume(b.Reply, 0);
        byte[] withCookie = a.Initiate(6 * Second)!;

        Assert.Equal(HandshakeEvent.CookieReplyCreated, b.Consume(withCookie, 6 * Second, underLoad: true, [192, 0, 2, 1, 0, 2]).Event);
        Assert.Equal(HandshakeEvent.InitiationConsumed, b.Consume(withCookie, 6 * Second, underLoad: true, source).Event);
    }

    [Fact]
    public void RateLimiter_OneAddressUnderLoad_DoesNotAffectAnother()
    {
        (Side a, Side b) = Side.Pair();
        byte[] source = [192, 0, 2, 1, 0, 1];
        byte[] other = [192, 0, 2, 9, 0, 1];
        b.Consume(a.Initiate(0)!, 0, underLoad: true, source);
        a.Consume(b.Reply, 0);
        byte[] message = a.Initiate(6 * Second)!;
        DropReason[] reasons = [.. Enumerable.Range(0, 20).Select(_ => b.Consume(message, 6 * Second, underLoad: true, source).Reason)];

        Assert.Equal(DropReason.RateLimited, reasons[^1]);
        Assert.Equal(DropReason.UnderLoad, b.Consume(message, 6 * Second, underLoad: true, other).Reason);
    }

    [Fact]
    public void Keepalive_Received_IsNotAnsweredByAKeepalive()
    {
        (Side a, Side b) = Side.Connected();
        b.Receive(a.Send([], Second)!, Second, out _, out _);

        SessionActions actions = SessionActions.None;
        for (long now = Second; now < 60 * Second; now += Second)
        {
            actions |= b.Session.Poll(now);
        }

        Assert.False(actions.HasFlag(SessionActions.SendKeepalive));
    }

    [Fact]
    public void Data_ReceivedAndNothingSentBack_IsAnsweredByOneKeepaliveAfterTenSeconds()
    {
        (Side a, Side b) = Side.Connected();
        a.Deliver(b, "x"u8, Second);

        Assert.False(b.Session.Poll((11 * Second) - 1).HasFlag(SessionActions.SendKeepalive));
        Assert.True(b.Session.Poll(11 * Second).HasFlag(SessionActions.SendKeepalive));
        Assert.False(b.Session.Poll(30 * Second).HasFlag(SessionActions.SendKeepalive));
    }

    [Fact]
    public void PresharedKey_Changed_TakesEffectAtOnce()
    {
        (Side a, Side b) = Side.Connected();
        byte[] inFlight = a.Initiate(10 * Second)!;
        b.Consume(inFlight, 10 * Second);

        a.Session.SetPresharedKey(Enumerable.Repeat((byte)1, 32).ToArray(), 10 * Second);

        Assert.Null(a.Session.SendingKeypair(10 * Second));
        Assert.Equal(DropReason.UnknownIndex, a.Consume(b.Reply, 10 * Second).Reason);
        Assert.NotNull(a.Initiate(10 * Second));
    }

    [Fact]
    public void PrivateKey_Changed_TakesEffectAtOnce()
    {
        (Side a, Side b) = Side.Connected();
        byte[] newKey = Enumerable.Repeat((byte)0xC3, 32).ToArray();

        a.Table.SetPrivateKey(newKey, Second);

        Assert.Null(a.Session.SendingKeypair(Second));
        byte[] initiation = a.Initiate(Second)!;
        Assert.Equal(DropReason.UnknownPeer, b.Consume(initiation, Second).Reason);
        b.Table.Add(a.Table.PublicKey, null);
        Assert.Equal(HandshakeEvent.InitiationConsumed, b.Consume(initiation, Second).Event);
        Assert.Equal(HandshakeEvent.ResponseConsumed, a.Consume(b.Reply, Second).Event);
    }

    [Fact]
    public void OwnKey_AsPeer_GetsNoHandshake()
    {
        (Side a, _) = Side.Pair();
        Session self = a.Table.Add(a.Table.PublicKey, null);

        Assert.False(self.TryCreateInitiation(0, Side.WallTime(0), isRetry: false, new byte[148]));
    }

    [Fact]
    public void WallClock_RunsBackward_DoesNotLockOut()
    {
        (Side a, Side b) = Side.Pair();
        b.Consume(a.Initiate(0, Side.WallTime(0))!, 0);

        byte[] later = a.Initiate(10 * Second, Side.WallTime(0) - (86400 * Second))!;

        Assert.Equal(HandshakeEvent.InitiationConsumed, b.Consume(later, 10 * Second).Event);
    }

    [Fact]
    public void TimestampFloor_AfterRestart_StampsAreAboveIt()
    {
        (Side a, Side b) = Side.Pair();
        b.Consume(a.Initiate(0)!, 0);
        using var restarted = new SessionTable(a.Primitives) { TimestampFloor = a.Table.LastTimestamp };
        restarted.SetPrivateKey(a.PrivateKey, 0);
        byte[] message = new byte[148];

        Assert.True(restarted.Add(b.Table.PublicKey, null).TryCreateInitiation(Second, 0, isRetry: false, message));

        Assert.Equal(HandshakeEvent.InitiationConsumed, b.Consume(message, Second).Event);
    }

    [Fact]
    public void Initiation_Replayed_IsDropped()
    {
        (Side a, Side b) = Side.Pair();
        byte[] initiation = a.Initiate(0)!;
        b.Consume(initiation, 0);

        Assert.Equal(DropReason.ReplayedHandshake, b.Consume(initiation, Second).Reason);
    }

    [Fact]
    public void Initiations_CloserThanTwentyMilliseconds_AreAFlood()
    {
        (Side a, Side b) = Side.Pair();
        byte[] first = a.Initiate(0)!;
        byte[] second = a.Initiate(6 * Second)!;
        byte[] third = a.Initiate(12 * Second)!;

        b.Consume(first, 20 * Second);
        Assert.Equal(DropReason.FloodedHandshake, b.Consume(second, (20 * Second) + (19 * Constants.Millisecond)).Reason);
        Assert.Equal(HandshakeEvent.InitiationConsumed, b.Consume(third, (20 * Second) + (20 * Constants.Millisecond)).Event);
    }

    [Fact]
    public void Keypairs_After540Seconds_AreZeroed()
    {
        (Side a, Side b) = Side.Connected();
        Keypair keypair = a.Session.SendingKeypair(0)!;
        byte[] late = b.Send("x"u8, 1)!;

        a.Session.Poll((540 * Second) - 1);
        Assert.NotNull(a.Table.FindKeypair(keypair.LocalIndex));
        a.Session.Poll(540 * Second);

        Assert.Null(a.Table.FindKeypair(keypair.LocalIndex));
        byte[] datagram = Enumerable.Repeat((byte)9, 64).ToArray();
        Assert.False(keypair.Seal(0, datagram));
        Assert.All(datagram, value => Assert.Equal(0, value));
        Assert.Equal(DropReason.KeyExpired, keypair.TryOpen(late, 1, out _));
    }

    [Fact]
    public void Session_RemovedWhileItsKeypairIsInUse_FailsCleanly()
    {
        (Side a, Side b) = Side.Connected();
        Keypair keypair = a.Session.SendingKeypair(0)!;
        byte[] datagram = b.Send("x"u8, 0)!;

        a.Table.Remove(a.Session);

        Assert.False(keypair.Seal(0, new byte[64]));
        Assert.Equal(DropReason.KeyExpired, keypair.TryOpen(datagram, 0, out _));
        Assert.Equal(SessionActions.None, a.Session.DataSent(keypair, isKeepalive: false, 0));
        Assert.Equal(SessionActions.None, a.Session.DataReceived(keypair, withContent: 1, 0));
        Assert.Equal(long.MaxValue, a.Session.NextDeadline);
        Assert.Equal(0, a.Table.Indices.Count);
    }

    [Theory]
    [InlineData(1, 1420, 16)]
    [InlineData(1419, 1420, 1420)]
    [InlineData(1420, 1420, 1420)]
    [InlineData(1421, 1420, 1436)]
    [InlineData(0, 1420, 0)]
    [InlineData(17, 0, 32)]
    public void PaddedLength_NeverPassesTheMtu(int length, int mtu, int expected) =>
        Assert.Equal(expected, Padding.PaddedLength(length, mtu));
}
