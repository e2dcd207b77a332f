using WgNet.Device;
using Xunit;

namespace WgNet.Unit.Device.State;

public sealed class WriteScheduleTests
{
    private const long Second = 1_000_000_000;

    private readonly WriteSchedule _schedule = new(5 * Second);

    [Fact]
    public void Nothing_IsNeverDue()
    {
        _schedule.Note(StateMark.None, 100 * Second);
        Assert.Equal(WriteSchedule.Never, _schedule.Due);
    }

    [Fact]
    public void Change_AfterLongRest_IsDueASecondLaterHoweverMuchFollows()
    {
        _schedule.Note(StateMark.Changed, 100 * Second);
        _schedule.Note(StateMark.Changed, 100 * Second + Second / 2);
        _schedule.Note(StateMark.Aged, 101 * Second - 1);
        Assert.Equal(101 * Second, _schedule.Due);
    }

    [Theory]
    [InlineData(false, 5)]
    [InlineData(true, 60)]
    public void Reports_AllTheTime_AreWrittenOnceAnIntervalAndSoonAfterIt(bool isRoaming, int seconds)
    {
        long last = 0, written = 0, interval = seconds * Second;
        for (long now = 0; now < 20 * interval; now += Second / 10)
        {
            _schedule.Note(isRoaming ? StateMark.Moved : StateMark.Changed, now);
            if (_schedule.Due <= now)
            {
                Assert.True(written == 0 || (now - last >= interval && now - last <= interval + Second));
                Write(now, now);
                (last, written) = (now, written + 1);
            }
        }

        Assert.InRange(written, 18, 20);
    }

    [Fact]
    public void Change_JustBeforeFiveSecondsAreOver_IsWrittenWithinFiveSeconds()
    {
        Write(100 * Second, 100 * Second);
        _schedule.Note(StateMark.Changed, 100 * Second + 1);
        Assert.Equal(105 * Second, _schedule.Due);

        Write(105 * Second, 105 * Second);
        _schedule.Note(StateMark.Changed, 110 * Second - 1);
        Assert.Equal(111 * Second - 1, _schedule.Due);
    }

    [Fact]
    public void Ages_AreWrittenWithinAMinuteOrWithAChange()
    {
        _schedule.Note(StateMark.Aged, 100 * Second);
        _schedule.Note(StateMark.Aged, 130 * Second);
        Assert.Equal(160 * Second, _schedule.Due);
        _schedule.Note(StateMark.Changed, 140 * Second);
        Assert.Equal(141 * Second, _schedule.Due);
        Write(141 * Second, 141 * Second);
        Assert.Equal(WriteSchedule.Never, _schedule.Due);
    }

    [Fact]
    public void Move_AfterAMinuteOfRest_IsDueASecondLater()
    {
        _schedule.Note(StateMark.Moved, 0);
        Assert.Equal(Second, _schedule.Due);
        Write(Second, Second);
        _schedule.Note(StateMark.Moved, 70 * Second);
        Assert.Equal(71 * Second, _schedule.Due);
    }

    [Fact]
    public void Move_ThatWaits_IsWrittenWithAChange()
    {
        Write(100 * Second, 100 * Second);
        _schedule.Note(StateMark.Moved, 110 * Second);
        Assert.Equal(160 * Second, _schedule.Due);
        _schedule.Note(StateMark.Changed, 112 * Second);
        Assert.Equal(113 * Second, _schedule.Due);
    }

    [Fact]
    public void LongWrites_TakeATwentiethOfTheTimeAtMost()
    {
        Write(100 * Second, 101 * Second);
        _schedule.Note(StateMark.Changed, 102 * Second);
        Assert.Equal(121 * Second, _schedule.Due);
    }

    [Fact]
    public void NoInterval_WritesWithoutAPause()
    {
        var schedule = new WriteSchedule(0);
        schedule.Note(StateMark.Changed, 100);
        Assert.Equal(100, schedule.Due);
        schedule.Begin();
        schedule.End(100, 200);
        schedule.Note(StateMark.Moved, 200);
        Assert.Equal(200, schedule.Due);
    }

    private void Write(long began, long ended)
    {
        _schedule.Begin();
        _schedule.End(began, ended);
    }
}
