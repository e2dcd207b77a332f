using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol;

public class TimerTests
{
    private const long Second = Constants.Second;

    [Fact]
    public void Keypair_After180Seconds_NeitherSendsNorOpens()
    {
        (Side a, Side b) = Side.Connected();
        byte[] datagram = a.Send("x"u8, (180 * Second) - 1)!;

        Assert.Null(a.Session.SendingKeypair(180 * Second));
        Assert.Equal(DropReason.KeyExpired, b.Receive(datagram, 180 * Second, out _, out _));
    }

    [Fact]
    public void DataSent_After120Seconds_OnlyTheInitiatorRekeys()
    {
        (Side a, Side b) = Side.Connected();

        a.Send("x"u8, (120 * Second) - 1, out SessionActions early);
        a.Send("x"u8, 120 * Second, out SessionActions initiator);
        b.Send("x"u8, 120 * Second, out SessionActions responder);

        Assert.False(early.HasFlag(SessionActions.SendInitiation));
        Assert.True(initiator.HasFlag(SessionActions.SendInitiation));
        Assert.False(responder.HasFlag(SessionActions.SendInitiation));
    }

    [Fact]
    public void DataReceived_InTheLastMinute_InitiatorRekeysOnce()
    {
        (Side a, Side b) = Side.Connected();
        byte[] first = b.Send("x"u8, 165 * Second)!;
        byte[] second = b.Send("y"u8, 165 * Second)!;

        a.Receive(first, 165 * Second, out _, out SessionActions once);
        a.Receive(second, 165 * Second, out _, out SessionActions twice);

        Assert.True(once.HasFlag(SessionActions.SendInitiation));
        Assert.False(twice.HasFlag(SessionActions.SendInitiation));
    }

    [Fact]
    public void DataSent_NoAnswerFor15Seconds_BeginsANewHandshake()
    {
        (Side a, _) = Side.Connected();
        a.Send("x"u8, Second);

        Assert.False(a.Session.Poll((16 * Second) - 1).HasFlag(SessionActions.SendInitiation));
        Assert.True(a.Session.Poll((16 * Second) + Constants.RekeyTimeoutJitter).HasFlag(SessionActions.SendInitiation));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(64, 2)]
    public void DataReceived_ManyAtOnce_AsksForKeepalivesAsOneByOneDoes(int packets, int keepalives)
    {
        (Side together, Side apart) = Side.Connected();
        together.Session.DataReceived(together.Session.SendingKeypair(Second)!, packets, Second);
        for (int i = 0; i < packets; i++)
        {
            apart.Session.DataReceived(apart.Session.SendingKeypair(Second)!, withContent: 1, Second);
        }

        Assert.Equal(keepalives, CountKeepalives(together));
        Assert.Equal(keepalives, CountKeepalives(apart));

        static int CountKeepalives(Side side) =>
            Enumerable.Range(1, 60).Count(second => side.Session.Poll(second * Second).HasFlag(SessionActions.SendKeepalive));
    }

    [Fact]
    public void MayInitiate_LessThanFiveSecondsAfterAnInitiation_IsFalseUnlessAKeyChanged()
    {
        (Side a, _) = Side.Pair();
        Assert.True(a.Session.MayInitiate(0));

        Assert.NotNull(a.Initiate(0));
        Assert.False(a.Session.MayInitiate((5 * Constants.Second) - 1));
        Assert.True(a.Session.MayInitiate(5 * Constants.Second));

        Assert.NotNull(a.Initiate(5 * Constants.Second));
        a.Session.SetPresharedKey(new byte[32].Select(_ => (byte)1).ToArray(), 6 * Constants.Second);
        Assert.True(a.Session.MayInitiate(6 * Constants.Second));
    }

    [Fact]
    public void Initiation_NeverAnswered_IsRetriedWithJitterThenGivenUp()
    {
        (Side a, _) = Side.Pair();
        long now = 0;
        var pauses = new List<long>();
        Assert.NotNull(a.Initiate(now));
        SessionActions actions;
        while (true)
        {
            long deadline = a.Session.NextDeadline;
            pauses.Add(deadline - now);
            now = deadline;
            actions = a.Session.Poll(now);
            if (!actions.HasFlag(SessionActions.SendInitiationRetry))
            {
                break;
            }

            Assert.NotNull(a.Initiate(now, isRetry: true));
        }

        Assert.True(actions.HasFlag(SessionActions.DropStaged));
        Assert.All(pauses, pause => Assert.InRange(pause, 5 * Second, (5 * Second) + Constants.RekeyTimeoutJitter));
        Assert.True(pauses.Distinct().Count() > 10, "no jitter");
        Assert.InRange(now, 90 * Second, 110 * Second);
        Assert.Equal(now + (540 * Second), a.Session.NextDeadline);
    }

    [Fact]
    public void PersistentKeepalive_TurnedOn_IsSentAtOnceAndThenPeriodically()
    {
        (Side a, _) = Side.Connected();

        Assert.True(a.Session.SetPersistentKeepalive(25, 0).HasFlag(SessionActions.SendKeepalive));

        Assert.True(a.Session.Poll(25 * Second).HasFlag(SessionActions.SendKeepalive));
        Assert.True(a.Session.Poll(50 * Second).HasFlag(SessionActions.SendKeepalive));
    }

    [Fact]
    public void ScheduledFor_DeadlineAlreadyCovered_NoReschedule()
    {
        (Side a, _) = Side.Connected();
        a.Session.ScheduledFor = a.Session.NextDeadline;

        a.Send("x"u8, Second, out SessionActions earlier);
        a.Session.ScheduledFor = a.Session.NextDeadline;
        a.Send("y"u8, Second, out SessionActions covered);

        Assert.True(earlier.HasFlag(SessionActions.Reschedule));
        Assert.False(covered.HasFlag(SessionActions.Reschedule));
    }
}
