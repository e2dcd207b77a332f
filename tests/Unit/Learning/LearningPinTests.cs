using WgNet.Learning;
using Xunit;

namespace WgNet.Unit.Learning;

/// <summary>Addresses that an administrator gives to a peer, or the state before a restart does.</summary>
public sealed class LearningPinTests : LearnerFixture
{
    private const long Day = 24 * 3600 * Second;

    [Fact]
    public void Pin_AddressOfNobody_IsThePeersForGood()
    {
        Assert.Equal(SourceVerdict.Accepted, Learner.Pin(P, Host(0), Now));
        Now += 10 * Day;
        Learner.Expire(Now);
        Assert.Equal("p", Lookup(Host(0)));
        Assert.Equal(SourceVerdict.Conflict, Receive(Q, Host(0)));
        Assert.True(Assert.Single(Learner.Learned(P, Now)).IsPinned);
    }

    [Fact]
    public void Pin_AddressThatThePeerLearned_KeepsIt()
    {
        _ = Receive(P, Host(0));
        Assert.Equal(SourceVerdict.Accepted, Learner.Pin(P, Host(0), Now));
        Now += 10 * Day;
        Assert.Equal("p", Lookup(Host(0)));
    }

    [Fact]
    public void Pin_AddressOfAnother_IsAConflictUntilItExpired()
    {
        _ = Receive(Q, Host(0));
        Assert.Equal(SourceVerdict.Conflict, Learner.Pin(P, Host(0), Now));
        Assert.Equal("q", Lookup(Host(0)));
        Now += 2 * Day;
        Assert.Equal(SourceVerdict.Accepted, Learner.Pin(P, Host(0), Now));
        Assert.Equal("p", Lookup(Host(0)));
    }

    [Theory]
    [InlineData("2001:db8:1::1", SourceVerdict.NotAllowed)]
    [InlineData("2001:db8::5", SourceVerdict.NotLearnable)]
    public void Pin_AddressThatThePeerMayNotClaim_SaysWhyNot(string address, SourceVerdict expected)
    {
        Learner.SetInterfaceAddresses([(Address("2001:db8::5"), 64)]);
        Assert.Equal(expected, Learner.Pin(P, Address(address), Now));
        Assert.Null(Lookup(address));
    }

    [Fact]
    public void Pin_AddressOfThePeerByAllowedIps_NeedsNone()
    {
        Allow("2001:db8::7/128", "p");
        Assert.Equal(SourceVerdict.NotLearnable, Learner.Pin(P, Address("2001:db8::7"), Now));
    }

    [Fact]
    public void Pin_AtTheLimit_TakesThePlaceOfTheOldestThatIsNotPinned()
    {
        Learner.SetLimit(P, 2);
        Assert.Equal(SourceVerdict.Accepted, Learner.Pin(P, Host(0), Now));
        Now += Second;
        _ = Receive(P, Host(1));
        Assert.Equal(SourceVerdict.Accepted, Learner.Pin(P, Host(2), Now));
        Assert.Equal([Host(0), Host(2)], Learned(P));
        Assert.Equal(SourceVerdict.LearnLimited, Learner.Pin(P, Host(3), Now));
        Assert.Equal(SourceVerdict.LearnLimited, Receive(P, Host(4)));
        Assert.Equal([Host(0), Host(2)], Learned(P));
    }

    [Fact]
    public void SetLimit_BelowThePinned_GivesUpPinnedOnesLast()
    {
        _ = Learner.Pin(P, Host(0), Now);
        Now += Second;
        _ = Receive(P, Host(1));
        Learner.SetLimit(P, 1);
        Assert.Equal([Host(0)], Learned(P));
        Learner.SetLimit(P, 0);
        Assert.Empty(Learned(P));
    }

    [Fact]
    public void Unpin_AgesFromNowOn()
    {
        _ = Learner.Pin(P, Host(0), Now);
        Now += 10 * Day;
        Assert.True(Learner.Unpin(P, Host(0), Now));
        Assert.False(Learner.Unpin(P, Host(0), Now));
        Assert.Equal(Now + Day, Learner.NextExpiry);
        Now += Day - Second;
        Assert.Equal("p", Lookup(Host(0)));
        Now += Second;
        Assert.Null(Lookup(Host(0)));
    }

    [Fact]
    public void Pinned_RemovedFromTheConfiguration_IsGone()
    {
        _ = Learner.Pin(P, Host(0), Now);
        Allow("2001:db8::1000/128", "q");
        Assert.Empty(Learned(P));
        _ = Learner.Pin(P, Host(1), Now);
        Assert.True(Learner.Forget(P, Host(1)));
        Assert.Empty(Learned(P));
    }

    [Fact]
    public void Restore_WhatThePeerMayClaim_IsBackWithAgeAndCount()
    {
        LearnedAddress saved = Saved(Host(0), age: 5 * Second);
        Assert.True(Learner.Restore(P, saved, Now));
        Assert.Equal([saved], Learner.Learned(P, Now));
        Assert.Equal("p", Lookup(Host(0)));
        Assert.Equal(Now - (5 * Second) + Day, Learner.NextExpiry);
    }

    [Fact]
    public void Restore_TooOldTakenOrForbidden_IsNot()
    {
        _ = Receive(Q, Host(1));
        Assert.False(Learner.Restore(P, Saved(Host(0), age: Day), Now));
        Assert.False(Learner.Restore(P, Saved(Host(1), age: 0), Now));
        Assert.False(Learner.Restore(P, Saved(Address("2001:db8:1::1"), age: 0), Now));
        Assert.Empty(Learned(P));
        Assert.Equal("q", Lookup(Host(1)));
    }

    [Fact]
    public void Restore_OverTheLimit_TakesNobodysPlace()
    {
        Learner.SetLimit(P, 1);
        _ = Receive(P, Host(0));
        Assert.False(Learner.Restore(P, Saved(Host(1), age: 0), Now));
        Assert.Equal([Host(0)], Learned(P));
    }

    [Fact]
    public void Restore_TakesNoToken()
    {
        for (int i = 0; i < 8; i++)
        {
            Assert.True(Learner.Restore(P, Saved(Host(i), age: 0), Now));
        }

        for (int i = 8; i < 24; i++)
        {
            Assert.Equal(SourceVerdict.Learned, Receive(P, Host(i)));
        }
    }

    [Fact]
    public void Observer_IsToldOfEveryBeginningAndEnd()
    {
        List<string> told = [];
        var learner = new AddressLearner<string>(AllowedIps, new byte[16], new Observer(told));
        LearningPeer<string> peer = learner.AddPeer("p", learnLimit: 2);
        _ = learner.AddLearnable(peer, Prefix("2001:db8::/64"));
        _ = learner.CheckIPv6Source(peer, Host(0), Now);
        _ = learner.CheckIPv6Source(peer, Host(0), Now);
        _ = learner.CheckIPv6Source(peer, Host(1), Now + Second);
        _ = learner.CheckIPv6Source(peer, Host(2), Now + (2 * Second));
        _ = learner.Forget(peer, Host(2));
        learner.Expire(Now + (2 * Day));
        _ = learner.Pin(peer, Host(3), Now + (2 * Day));
        _ = learner.RemoveLearnable(peer, Prefix("2001:db8::/64"));
        _ = learner.AddLearnable(peer, Prefix("2001:db8::/64"));
        _ = learner.Restore(peer, Saved(Host(4), age: 0), Now);
        learner.RemovePeer(peer);
        Assert.Equal(
            [
                "p learned 0", "p learned 1", "p 0 Evicted", "p learned 2", "p 2 Forgotten", "p 1 Expired",
                "p restored 3", "p 3 Contradicted", "p restored 4", "p 4 PeerRemoved",
            ],
            told);
    }

    private static LearnedAddress Saved(UInt128 address, long age) => new()
    {
        Address = address,
        AgeNanoseconds = age,
        FirstSeenNanoseconds = age + (3 * Second),
        Packets = 9,
        IsPinned = false,
    };

    private sealed class Observer(List<string> told) : ILearnObserver<string>
    {
        public void Began(string peer, UInt128 address, bool isRestored) =>
            told.Add($"{peer} {(isRestored ? "restored" : "learned")} {address - Host(0)}");

        public void Ended(string peer, UInt128 address, LearnedEnd why) => told.Add($"{peer} {address - Host(0)} {why}");
    }
}
