using WgNet.Learning;
using Xunit;

namespace WgNet.Unit.Learning;

/// <summary>
/// Clocks that jump. The device's runs on through suspension, so that it leaps ahead; that it goes back happens when a machine is
/// restored from an image, and must not cost a peer more than a moment of it.
/// </summary>
public sealed class LearningClockTests : LearnerFixture
{
    private const long Day = 24 * 3600 * Second;

    [Fact]
    public void Clock_LeapsBeyondTheTimeout_EndsWhatWasSilentAndNothingElse()
    {
        _ = Receive(P, Host(0));
        Now += 2 * Day;
        Assert.Null(Lookup(Host(0)));
        Assert.Equal(SourceVerdict.Learned, Receive(P, Host(0)));
        Assert.Equal("p", Lookup(Host(0)));
        Learner.Expire(Now);
        Assert.Equal("p", Lookup(Host(0)));
    }

    [Fact]
    public void Clock_LeapsAhead_GivesSixteenTokensAndNotMore()
    {
        LearnSixteen(from: 0);
        Now += 30 * Day;
        LearnSixteen(from: 100);
        Assert.Equal(SourceVerdict.LearnRateLimited, Receive(P, Host(200)));
    }

    [Fact]
    public void Clock_GoesBack_KeepsWhatIsLearned()
    {
        Now += 30 * Day;
        _ = Receive(P, Host(0));
        Now -= 30 * Day;
        Assert.Equal("p", Lookup(Host(0)));
        Assert.Equal(SourceVerdict.Accepted, Receive(P, Host(0)));
        Assert.Equal(0, Assert.Single(Learner.Learned(P, Now)).AgeNanoseconds);
        Assert.Equal(SourceVerdict.Conflict, Receive(Q, Host(0)));
    }

    [Fact]
    public void Clock_GoesBack_AddressesAgeByTheNewTime()
    {
        Now += 30 * Day;
        _ = Receive(P, Host(0));
        Now -= 30 * Day;
        Assert.Equal(SourceVerdict.Accepted, Receive(P, Host(0)));
        Now += Day + Second;
        Learner.Expire(Now);
        Assert.Null(Lookup(Host(0)));
        Assert.Empty(Learned(P));
    }

    [Fact]
    public void Clock_GoesBack_DoesNotLockAPeerOutUntilTheOldTime()
    {
        Now += 30 * Day;
        LearnSixteen(from: 0);
        Now -= 30 * Day;
        LearnSixteen(from: 100);
        Assert.Equal(SourceVerdict.LearnRateLimited, Receive(P, Host(200)));
        Now += TokenInterval;
        Assert.Equal(SourceVerdict.Learned, Receive(P, Host(200)));
    }

    /// <summary>Workers read the clock once a batch, so that one of them may be a little behind another.</summary>
    [Fact]
    public void Clock_OfAWorkerBehindAnother_FindsNoTokensThatTheOtherTook()
    {
        LearnSixteen(from: 0);
        Now -= Second / 1000;
        Assert.Equal(SourceVerdict.LearnRateLimited, Receive(P, Host(200)));
        Now += Second / 1000;
        Assert.Equal(SourceVerdict.LearnRateLimited, Receive(P, Host(201)));
    }

    /// <summary>The time of the last packet is kept in 1/64 s.</summary>
    [Fact]
    public void Learned_ByOnePacket_WasSeenFirstWhenItWasSeenLast()
    {
        Now += Second / 100;
        _ = Receive(P, Host(0));
        Now += Second;
        LearnedAddress learned = Assert.Single(Learner.Learned(P, Now));
        Assert.InRange(learned.AgeNanoseconds, Second, Second + (Second / 64));
        Assert.Equal(learned.AgeNanoseconds, learned.FirstSeenNanoseconds);
    }

    private void LearnSixteen(int from)
    {
        for (int i = from; i < from + 16; i++)
        {
            Assert.Equal(SourceVerdict.Learned, Receive(P, Host(i)));
        }
    }
}
