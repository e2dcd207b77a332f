using WgNet.Learning;
using Xunit;

namespace WgNet.Unit.Learning;

/// <summary>How many, how fast, how long.</summary>
public sealed class LearningLimitTests : LearnerFixture
{
    [Fact]
    public void Check_OneMoreThanTheLimit_EvictsTheLeastRecentlyReceived()
    {
        LearnSixteen();
        Now += TokenInterval;
        foreach (int i in Enumerable.Range(0, 16).Where(i => i != 5))
        {
            Assert.Equal(SourceVerdict.Accepted, Receive(P, Host(i)));
        }

        Assert.Equal(SourceVerdict.Learned, Receive(P, Host(16)));
        Assert.Null(Lookup(Host(5)));
        Assert.Equal(16, Learned(P).Count());
        Assert.Equal("p", Lookup(Host(0)));
        Assert.Equal("p", Lookup(Host(16)));
    }

    [Fact]
    public void Check_PeerAtItsLimit_CostsNoOtherPeerItsAddresses()
    {
        _ = Receive(Q, Host(100));
        LearnSixteen();
        Now += TokenInterval;
        Assert.Equal(SourceVerdict.Learned, Receive(P, Host(16)));
        Assert.Equal("q", Lookup(Host(100)));
    }

    [Fact]
    public void Check_ConflictAtTheLimit_EvictsNothing()
    {
        _ = Receive(Q, Host(100));
        LearnSixteen();
        Now += TokenInterval;
        Assert.Equal(SourceVerdict.Conflict, Receive(P, Host(100)));
        Assert.Equal(16, Learned(P).Count());
    }

    [Fact]
    public void Check_LimitZero_IsLearnLimited()
    {
        Learner.SetLimit(P, 0);
        Assert.Equal(SourceVerdict.LearnLimited, Receive(P, Host(0)));
        Assert.Null(Lookup(Host(0)));
    }

    [Fact]
    public void Check_StaticallyOwnButLimitForbidsLearning_IsDropped()
    {
        Allow("2001:db8::/48", "p");
        Learner.SetLimit(P, 0);
        Assert.Equal(SourceVerdict.LearnLimited, Receive(P, Host(0)));
    }

    [Fact]
    public void SetLimit_Lower_EvictsDownToItAtOnce()
    {
        LearnSixteen();
        Now += 2 * Second;
        _ = Receive(P, Host(3));
        Learner.SetLimit(P, 1);
        Assert.Equal([Host(3)], Learned(P));
        Assert.Null(Lookup(Host(4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Learner.SetLimit(P, -1));
    }

    [Fact]
    public void Check_SeventeenthNewAddressAtOnce_IsRateLimited()
    {
        Learner.SetLimit(P, 100);
        LearnSixteen();
        Assert.Equal(SourceVerdict.LearnRateLimited, Receive(P, Host(16)));
        Assert.Equal(SourceVerdict.Accepted, Receive(P, Host(15)));
        Assert.Equal(SourceVerdict.Learned, Receive(Q, Host(16)));
    }

    [Fact]
    public void Check_AfterOneTokensTime_LearnsOneMoreAndNoSecond()
    {
        Learner.SetLimit(P, 100);
        LearnSixteen();
        Now += TokenInterval - 1;
        Assert.Equal(SourceVerdict.LearnRateLimited, Receive(P, Host(16)));
        Now += 1;
        Assert.Equal(SourceVerdict.Learned, Receive(P, Host(16)));
        Assert.Equal(SourceVerdict.LearnRateLimited, Receive(P, Host(17)));
    }

    [Fact]
    public void Check_AfterALongRest_SixteenTokensAndNotMore()
    {
        Learner.SetLimit(P, 100);
        LearnSixteen();
        Now += 3600 * Second;
        Assert.All(Enumerable.Range(16, 16), i => Assert.Equal(SourceVerdict.Learned, Receive(P, Host(i))));
        Assert.Equal(SourceVerdict.LearnRateLimited, Receive(P, Host(32)));
    }

    [Fact]
    public void Check_ConflictsAndRefusals_CostNoTokens()
    {
        _ = Receive(Q, Host(100));
        for (int i = 0; i < 100; i++)
        {
            _ = Receive(P, Host(100));
            _ = Receive(P, "fd00::1");
            _ = Receive(P, "::");
        }

        LearnSixteen();
    }

    [Fact]
    public void Lookup_TimeoutAfterTheLastPacketReceived_FindsNothing()
    {
        _ = Receive(P, Host(0));
        Now += 3600 * Second;
        _ = Receive(P, Host(0));
        Now += (24 * 3600 * Second) - 1;
        Assert.Equal("p", Lookup(Host(0)));
        Now += 1;
        Assert.Null(Lookup(Host(0)));
        Assert.Empty(Learned(P));
    }

    [Fact]
    public void Lookup_OfAnAddressThatIsOnlySentTo_DoesNotKeepItAlive()
    {
        _ = Receive(P, Host(0));
        for (int i = 0; i < 24; i++)
        {
            Assert.Equal("p", Lookup(Host(0)));
            Now += 3600 * Second;
        }

        Assert.Null(Lookup(Host(0)));
    }

    [Fact]
    public void Check_PacketsFasterThanAShortTimeout_KeepTheAddress()
    {
        Learner.SetTimeout(P, TimeSpan.FromSeconds(1));
        _ = Receive(P, Host(0));
        for (int i = 0; i < 1_000; i++)
        {
            Now += 900_000_000;
            Assert.Equal(SourceVerdict.Accepted, Receive(P, Host(0)));
        }
    }

    [Fact]
    public void Check_ExpiredAddressOfAnother_IsLearned()
    {
        _ = Receive(P, Host(0));
        Now += 24 * 3600 * Second;
        Assert.Equal(SourceVerdict.Learned, Receive(Q, Host(0)));
        Assert.Equal("q", Lookup(Host(0)));
        Assert.Equal(SourceVerdict.Conflict, Receive(P, Host(0)));
    }

    [Fact]
    public void Check_OwnExpiredAddress_IsLearnedAgainAndCostsAToken()
    {
        Learner.SetTimeout(P, TimeSpan.FromSeconds(1));
        for (int i = 0; i < 16; i++)
        {
            Assert.Equal(SourceVerdict.Learned, Receive(P, Host(0)));
            Now += Second;
        }

        Assert.Equal(SourceVerdict.LearnRateLimited, Receive(P, Host(0)));
    }

    [Fact]
    public void SetTimeout_Shorter_AppliesToWhatIsLearnedAlready()
    {
        _ = Receive(P, Host(0));
        Learner.SetTimeout(P, TimeSpan.FromSeconds(10));
        Assert.Equal(Now + (10 * Second), Learner.NextExpiry);
        Now += 10 * Second;
        Assert.Null(Lookup(Host(0)));
    }

    [Fact]
    public void SetTimeout_Endless_DoesNotOverflow()
    {
        Learner.SetTimeout(P, TimeSpan.MaxValue);
        _ = Receive(P, Host(0));
        Now += 10L * 365 * 24 * 3600 * Second;
        Assert.Equal("p", Lookup(Host(0)));
    }

    [Fact]
    public void Learned_SomeTimeAfterTheLastPacket_TellsItsAge()
    {
        _ = Receive(P, Host(0));
        Now += 5 * Second;
        _ = Receive(P, Host(0));
        Now += 7 * Second;
        Learner.CreateTally().Count(Host(0), 2, Now);
        LearnedAddress told = new()
        {
            Address = Host(0),
            AgeNanoseconds = 7 * Second,
            FirstSeenNanoseconds = 12 * Second,
            Packets = 2,
            IsPinned = false,
        };
        Assert.Equal([told], Learner.Learned(P, Now));
    }

    [Fact]
    public void NextExpiry_NothingLearned_IsNever()
    {
        Assert.Equal(long.MaxValue, Learner.NextExpiry);
        _ = Receive(P, Host(0));
        long expiry = Now + (24 * 3600 * Second);
        Assert.Equal(expiry, Learner.NextExpiry);
        Learner.Expire(expiry);
        Assert.Equal(long.MaxValue, Learner.NextExpiry);
    }

    [Fact]
    public void Expire_OneIsDueAndOneWasRefreshed_FreesTheOneAndWaitsForTheOther()
    {
        long learnedAt = Now;
        _ = Receive(P, Host(0));
        _ = Receive(Q, Host(1));
        Now += 3600 * Second;
        _ = Receive(Q, Host(1));
        Learner.Expire(learnedAt + (24 * 3600 * Second));
        Assert.Equal(Now + (24 * 3600 * Second), Learner.NextExpiry);
        Assert.Empty(Learner.Learned(P, learnedAt));
        Assert.Equal([Host(1)], Learned(Q));
    }

    private void LearnSixteen()
    {
        for (int i = 0; i < 16; i++)
        {
            Assert.Equal(SourceVerdict.Learned, Receive(P, Host(i)));
        }
    }
}
