using WgNet.Learning;
using Xunit;

namespace WgNet.Unit.Learning;

/// <summary>What a configuration change contradicts is gone when it returns; the rest stays.</summary>
public sealed class LearningConfigurationTests : LearnerFixture
{
    public LearningConfigurationTests()
    {
        Assert.Equal(SourceVerdict.Learned, Receive(P, "2001:db8::7"));
        Assert.Equal(SourceVerdict.Learned, Receive(P, "2001:db8::1:0:0:7"));
        Assert.Equal(SourceVerdict.Learned, Receive(Q, "2001:db8::9"));
    }

    [Fact]
    public void RemovePeer_WithAddresses_FreesThemForOthers()
    {
        Learner.RemovePeer(P);
        Assert.Null(Lookup("2001:db8::7"));
        Assert.Equal("q", Lookup("2001:db8::9"));
        Assert.Equal(SourceVerdict.Learned, Receive(Q, "2001:db8::7"));
    }

    [Fact]
    public void Check_PacketOfARemovedPeerUnderWay_TeachesNothing()
    {
        Learner.RemovePeer(P);
        Assert.Equal(SourceVerdict.NotAllowed, Receive(P, "2001:db8::7"));
        Assert.Null(Lookup("2001:db8::7"));
    }

    [Fact]
    public void RemoveLearnable_InUse_ForgetsWhatWasLearnedByIt()
    {
        Assert.True(Learner.RemoveLearnable(P, Prefix("2001:db8::/64")));
        Assert.Null(Lookup("2001:db8::7"));
        Assert.Equal("q", Lookup("2001:db8::9"));
        Assert.Equal(SourceVerdict.NotAllowed, Receive(P, "2001:db8::7"));
        Assert.False(Learner.RemoveLearnable(P, Prefix("2001:db8::/64")));
    }

    [Fact]
    public void RemoveLearnable_AnotherOneStillCovers_KeepsTheAddress()
    {
        _ = Learner.AddLearnable(P, Prefix("2001:db8::/80"));
        _ = Learner.RemoveLearnable(P, Prefix("2001:db8::/64"));
        Assert.Equal("p", Lookup("2001:db8::7"));
        Assert.Null(Lookup("2001:db8::1:0:0:7"));
    }

    [Fact]
    public void ReplaceLearnable_WithTheSame_ForgetsNothing()
    {
        Learner.ReplaceLearnable(P, [Prefix("2001:db8::/64"), Prefix("fd00::/64")]);
        Assert.Equal([Prefix("2001:db8::/64"), Prefix("fd00::/64")], P.LearnablePrefixes);
        Assert.Equal(2, Learned(P).Count());
    }

    [Fact]
    public void ClearLearnable_InUse_ForgetsEverything()
    {
        Learner.ClearLearnable(P);
        Assert.Empty(P.LearnablePrefixes);
        Assert.Empty(Learned(P));
        Assert.Null(Lookup("2001:db8::7"));
    }

    [Theory]
    [InlineData("2001:db8::7/128")]
    [InlineData("2001:db8::/80")]
    public void AllowedIpsChanged_StaticPrefixMoreSpecific_TakesItsAddresses(string prefix)
    {
        Allow(prefix, "q");
        Assert.Null(Lookup("2001:db8::7"));
        Assert.Equal("p", Lookup("2001:db8::1:0:0:7"));
        Assert.Equal(SourceVerdict.Accepted, Receive(Q, "2001:db8::7"));
    }

    [Fact]
    public void AllowedIpsChanged_StaticPrefixEquallySpecific_TakesItsAddresses()
    {
        Allow("2001:db8::/64", "p");
        Assert.Empty(Learned(P));
        Assert.Empty(Learned(Q));
        Assert.Equal(SourceVerdict.Accepted, Receive(P, "2001:db8::7"));
    }

    [Fact]
    public void AllowedIpsChanged_StaticPrefixLessSpecific_TakesNothing()
    {
        Allow("::/0", "q");
        Allow("2001:db8::/63", "q");
        Allow("10.0.0.0/8", "q");
        Assert.Equal(2, Learned(P).Count());
    }

    [Fact]
    public void AllowedIpsChanged_ManyAtOnce_IsOnePass()
    {
        AllowedIps.Insert(Prefix("2001:db8::7/128"), "q");
        AllowedIps.Insert(Prefix("2001:db8::9/128"), "p");
        Learner.AllowedIpsChanged();
        Assert.Equal([Address("2001:db8::1:0:0:7")], Learned(P));
        Assert.Empty(Learned(Q));
    }

    [Fact]
    public void SetInterfaceAddresses_AddressThatAPeerHas_TakesIt()
    {
        Learner.SetInterfaceAddresses([(Address("2001:db8::7"), 64)]);
        Assert.Null(Lookup("2001:db8::7"));
        Assert.Equal("p", Lookup("2001:db8::1:0:0:7"));
        Learner.SetInterfaceAddresses([(Address("2001:db8::1:0:0:1"), 127)]);
        Assert.Equal(SourceVerdict.Learned, Receive(P, "2001:db8::7"));
    }

    [Fact]
    public void Forget_OwnAddress_IsGoneAndMayBeLearnedByAnyone()
    {
        Assert.True(Learner.Forget(P, Address("2001:db8::7")));
        Assert.False(Learner.Forget(P, Address("2001:db8::7")));
        Assert.False(Learner.Forget(P, Address("2001:db8::9")));
        Assert.Null(Lookup("2001:db8::7"));
        Assert.Equal("q", Lookup("2001:db8::9"));
        Assert.Equal(SourceVerdict.Learned, Receive(Q, "2001:db8::7"));
    }
}
