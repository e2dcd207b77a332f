using WgNet.Learning;
using Xunit;

namespace WgNet.Unit.Learning;

/// <summary>Who may claim what: rules 1 and 2, and what is fit to be learned.</summary>
public sealed class LearningRuleTests : LearnerFixture
{
    [Fact]
    public void Check_NewAddressInLearnablePrefix_IsLearnedAndFoundAtOnce()
    {
        Assert.Null(Lookup("2001:db8::7"));
        Assert.Equal(SourceVerdict.Learned, Receive(P, "2001:db8::7"));
        Assert.Equal("p", Lookup("2001:db8::7"));
        Assert.Equal(SourceVerdict.Accepted, Receive(P, "2001:db8::7"));
    }

    [Fact]
    public void Check_AddressLearnedByAnother_IsConflictAndTellsWhose()
    {
        _ = Receive(P, "2001:db8::7");
        Assert.Equal(SourceVerdict.Conflict, Learner.CheckIPv6Source(Q, Address("2001:db8::7"), Now, out string? owner));
        Assert.Equal("p", owner);
        Assert.Equal("p", Lookup("2001:db8::7"));
    }

    [Fact]
    public void Check_AddressLearnedByAnotherButStaticallyOwnPrefix_IsStillConflict()
    {
        Allow("2001:db8::/32", "q");
        _ = Receive(P, "2001:db8::7");
        Assert.Equal(SourceVerdict.Conflict, Receive(Q, "2001:db8::7"));
    }

    [Fact]
    public void Check_OutsideEveryPrefix_IsNotAllowed()
    {
        Assert.Equal(SourceVerdict.NotAllowed, Receive(P, "2001:db8:0:1::7"));
        Assert.Null(Lookup("2001:db8:0:1::7"));
    }

    [Fact]
    public void Check_StaticOwnerWithoutLearnablePrefix_IsAcceptedAndNotLearned()
    {
        Allow("fd00::/16", "p");
        Assert.Equal(SourceVerdict.Accepted, Receive(P, "fd00::1"));
        Assert.Equal(SourceVerdict.NotAllowed, Receive(Q, "fd00::1"));
        Assert.Empty(Learned(P));
    }

    [Fact]
    public void Check_StaticDefaultRouteOfAnotherPeer_DoesNotSwitchLearningOff()
    {
        Allow("::/0", "upstream");
        LearningPeer<string> upstream = Learner.AddPeer("upstream");
        Assert.Equal(SourceVerdict.Learned, Receive(P, "2001:db8::7"));
        Assert.Equal(SourceVerdict.Conflict, Receive(upstream, "2001:db8::7"));
        Assert.Equal(SourceVerdict.Accepted, Receive(upstream, "2001:db8::8"));
    }

    [Theory]
    [InlineData("2001:db8::/64")]
    [InlineData("2001:db8::/65")]
    [InlineData("2001:db8::7/128")]
    public void Check_StaticPrefixAtLeastAsSpecific_Wins(string prefix)
    {
        Allow(prefix, "q");
        Assert.Equal(SourceVerdict.NotAllowed, Receive(P, "2001:db8::7"));
        Assert.Equal(SourceVerdict.Accepted, Receive(Q, "2001:db8::7"));
        Assert.Empty(Learned(Q));
    }

    [Fact]
    public void Check_LearnablePrefixMoreSpecificThanOwnStaticOne_IsLearned()
    {
        Allow("2001:db8::/48", "p");
        Assert.Equal(SourceVerdict.Learned, Receive(P, "2001:db8::7"));
    }

    [Fact]
    public void Check_SeveralLearnablePrefixes_TheLongestCounts()
    {
        Allow("2001:db8::/72", "q");
        Assert.Equal(SourceVerdict.NotAllowed, Receive(P, "2001:db8::7"));
        Assert.True(Learner.AddLearnable(P, Prefix("2001:db8::/80")));
        Assert.Equal(SourceVerdict.Learned, Receive(P, "2001:db8::7"));
        Assert.Equal(SourceVerdict.NotAllowed, Receive(P, "2001:db8::1:0:0:7"));
    }

    [Theory]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::ffff:192.0.2.1")]
    [InlineData("ff02::1")]
    [InlineData("ff0e::7")]
    [InlineData("2001:db8::1")] // the interface's own
    [InlineData("2001:db8::")] // its link's routers
    [InlineData("fe80::1")]
    [InlineData("fe80::")]
    public void Check_AddressNoHostMayHave_IsNotLearnable(string source)
    {
        _ = Learner.AddLearnable(P, Prefix("::/0"));
        Learner.SetInterfaceAddresses([(Address("2001:db8::1"), 64), (Address("fe80::1"), 64)]);
        Assert.Equal(SourceVerdict.NotLearnable, Receive(P, source));
        Assert.Empty(Learned(P));
        Assert.Null(Lookup(source));
    }

    [Theory]
    [InlineData("::2")]
    [InlineData("::fffe:192.0.2.1")]
    [InlineData("0:0:0:1::ffff:c000:201")]
    [InlineData("fe80::2")]
    [InlineData("feff::1")]
    [InlineData("2001:db8::2")]
    public void Check_NeighbourOfAnUnfitAddress_IsLearned(string source)
    {
        _ = Learner.AddLearnable(P, Prefix("::/0"));
        Learner.SetInterfaceAddresses([(Address("2001:db8::1"), 64), (Address("fe80::1"), 64)]);
        Assert.Equal(SourceVerdict.Learned, Receive(P, source));
    }

    [Fact]
    public void Check_ZeroHostBitOnPointToPointPrefix_IsLearned()
    {
        // RFC 6164: the other end of a /127.
        Learner.SetInterfaceAddresses([(Address("2001:db8::11"), 127), (Address("2001:db8::21"), 128)]);
        Assert.Equal(SourceVerdict.Learned, Receive(P, "2001:db8::10"));
        Assert.Equal(SourceVerdict.Learned, Receive(P, "2001:db8::20"));
        Assert.Equal(SourceVerdict.NotLearnable, Receive(P, "2001:db8::11"));
    }

    [Fact]
    public void Check_UnfitAddressThatIsStaticallyOwn_IsAccepted()
    {
        Allow("::/0", "p");
        Assert.Equal(SourceVerdict.Accepted, Receive(P, "::"));
        Learner.SetInterfaceAddresses([(Address("2001:db8::1"), 64)]);
        Assert.Equal(SourceVerdict.Accepted, Receive(P, "2001:db8::1"));
    }

    [Fact]
    public void AddLearnable_IPv4Prefix_IsAnError()
    {
        Assert.Throws<ArgumentException>(() => Learner.AddLearnable(P, Prefix("10.0.0.0/8")));
        Assert.Throws<ArgumentException>(() => Learner.ReplaceLearnable(P, [Prefix("10.0.0.0/8")]));
    }

    [Fact]
    public void AddLearnable_Twice_IsOnePrefix()
    {
        Assert.False(Learner.AddLearnable(P, Prefix("2001:db8::/64")));
        Assert.Equal([Prefix("2001:db8::/64")], P.LearnablePrefixes);
    }

    [Fact]
    public void Check_KnownConflictingRefusedOrLimited_AllocatesNothing()
    {
        _ = Receive(P, "2001:db8::7");
        for (int i = 0; i < 20; i++)
        {
            _ = Receive(Q, Host(i));
        }

        Learner.SetInterfaceAddresses([(Address("2001:db8::1"), 64)]);
        UInt128[] sources = [Address("2001:db8::7"), Address("fd00::1"), Address("2001:db8::1"), Address("2001:db8::ffff")];
        SourceVerdict[] expected = [SourceVerdict.Conflict, SourceVerdict.NotAllowed, SourceVerdict.NotLearnable, SourceVerdict.LearnRateLimited];
        bool asExpected = true;
        long before = 0;
        for (int round = 0; round < 1_000; round++)
        {
            if (round == 100)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            Now += Second / 1_000;
            for (int i = 0; i < sources.Length; i++)
            {
                asExpected &= Receive(Q, sources[i]) == expected[i];
            }

            asExpected &= Receive(P, sources[0]) == SourceVerdict.Accepted && Lookup(sources[0]) == "p" && Lookup(sources[1]) is null;
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.True(asExpected);
    }
}
