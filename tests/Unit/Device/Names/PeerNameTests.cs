using System.Net;
using WgNet.Device;
using WgNet.Udp;
using Xunit;

namespace WgNet.Unit.Device.Names;

/// <summary>When a name is asked for, and which of its addresses is tried, without a clock, a resolver or a network.</summary>
public sealed class PeerNameTests
{
    private const long Second = 1_000_000_000;
    private const long Retry = 5 * Second;

    private static readonly Endpoint A = At("192.0.2.1"), B = At("192.0.2.2"), V6 = At("2001:db8::1"), Roamed = At("198.51.100.9", 7);

    [Fact]
    public void Unresolved_FailsOverAndOver_IsAskedAtGrowingIntervalsWithoutEnd()
    {
        var name = PeerName.Unresolved("gw.example:51820", movesOnAnswer: true, now: 0);
        var intervals = new List<long>();
        long now = 0;
        for (int i = 0; i < 100; i++)
        {
            Assert.False(name.TryBeginQuestion(now - 1, jitter: 0));
            Assert.True(name.TryBeginQuestion(now, jitter: 0));
            Assert.False(name.TryBeginQuestion(now, jitter: 0), "one question at a time");
            Assert.Equal(PeerName.Never, name.Due);

            // A name server that is not there takes its time to say nothing.
            long end = now + (3 * Second);
            Assert.Equal(i == 0, name.Failed(end));
            intervals.Add(name.Due - end);
            now = name.Due;
        }

        Assert.Equal(intervals.Order(), intervals);
        Assert.Equal([Second, 2 * Second, 4 * Second], intervals[..3]);
        Assert.All(intervals[6..], interval => Assert.Equal(PeerName.LongestRetry, interval));
        Assert.Equal(100, name.Failures);
        Assert.True(name.IsUnresolved);
    }

    [Fact]
    public void Answered_PeerWithoutEndpoint_GoesToTheFirstAddressAndNothingIsDue()
    {
        PeerName name = Asked(movesOnAnswer: true);

        Assert.Equal(V6, name.Answered([V6, A], current: null, received: 0));
        Assert.Equal(PeerName.Never, name.Due);
        Assert.False(name.IsUnresolved);
    }

    [Fact]
    public void Silence_OfEachAddress_TriesThemRoundAndRound()
    {
        PeerName name = Asked(movesOnAnswer: true);
        Endpoint current = name.Answered([V6, A, B], current: null, received: 0)!;
        var tried = new List<Endpoint>();
        for (long now = 0; now < 60 * Second; now += Retry)
        {
            current = name.Initiating(current, received: 0, now, out _) ?? current;
            tried.Add(current);
        }

        Assert.Equal([V6, V6, A, A, B, B, V6, V6, A, A, B, B], tried);
    }

    [Fact]
    public void Silence_ThatEnds_LeavesThePeerWhereItAnswers()
    {
        PeerName name = Asked(movesOnAnswer: true);
        Endpoint current = name.Answered([V6, A], current: null, received: 0)!;
        current = Initiate(name, current, received: 0, times: 3);
        Assert.Equal(A, current);

        // From now on each series is answered, but for one message in two.
        for (int i = 1; i < 20; i++)
        {
            current = Initiate(name, current, received: i, times: 2);
        }

        Assert.Equal(A, current);
    }

    /// <summary>The peer is never asked for more often than each half a minute, and only when an initiation was not answered.</summary>
    [Fact]
    public void Silence_GoesOn_AsksAtABoundedRate()
    {
        var name = PeerName.Resolved("gw.example:51820", A);
        Assert.Null(name.Initiating(A, received: 0, now: 0, out bool isDue));
        Assert.False(isDue);

        var questions = new List<long>();
        for (long now = Retry; now < 600 * Second; now += Retry)
        {
            Assert.Null(name.Initiating(A, received: 0, now, out isDue));
            if (isDue)
            {
                questions.Add(now);
                Assert.True(name.TryBeginQuestion(now, jitter: PeerName.Jitter));
                _ = questions.Count % 2 == 0 ? name.Failed(now) : name.Answered([A], A, received: 0) is null;
                Assert.Equal(PeerName.Never, name.Due);
            }
        }

        Assert.Equal(Retry, questions[0]);
        Assert.InRange(questions.Count, 600 / 40, 600 / 30);
        Assert.All(questions.Zip(questions.Skip(1), (one, next) => next - one), interval => Assert.InRange(interval, PeerName.Interval + PeerName.Jitter, 40 * Second));
    }

    [Fact]
    public void Answer_IsAnother_MovesASilentPeerButNotOneThatWasHeard()
    {
        PeerName silent = SilentAt(A);
        Assert.Equal(B, silent.Answered([B], A, received: 0));

        PeerName heard = SilentAt(A);
        Assert.Null(heard.Answered([B], A, received: 1));
        Assert.Equal(A, Initiate(heard, A, received: 1, times: 2));

        // The name has not led there for a while: it is not tried again.
        Assert.Equal(B, Initiate(heard, A, received: 1, times: 1));
        Assert.Equal(B, Initiate(heard, B, received: 1, times: 5));
    }

    /// <summary>The command that configured the peer knew one address only; the others come with the first question.</summary>
    [Fact]
    public void Answer_HasMoreThanTheSilentOne_GoesOnToTheNext()
    {
        PeerName name = SilentAt(V6);
        Assert.Equal(A, name.Answered([V6, A], V6, received: 0));
    }

    [Fact]
    public void Answer_InAnotherOrder_ChangesNothing()
    {
        PeerName name = SilentAt(V6);
        Endpoint current = name.Answered([V6, A, B], V6, received: 0)!;
        Assert.Equal(A, current);
        current = Initiate(name, current, received: 0, times: 2);
        Assert.Null(name.Answered([B, V6, A], current, received: 0));
        Assert.Equal(B, Initiate(name, current, received: 0, times: 1));
    }

    [Fact]
    public void Roamed_PeerThatFallsSilent_IsTriedByNameAndWhereItWasInTurn()
    {
        var name = PeerName.Resolved("gw.example:51820", A);
        Endpoint current = Initiate(name, Roamed, received: 5, times: 2);
        Assert.Equal(Roamed, current);
        var tried = new List<Endpoint>();
        for (int i = 0; i < 6; i++)
        {
            current = Initiate(name, current, received: 5, times: 1);
            tried.Add(current);
        }

        Assert.Equal([A, A, Roamed, Roamed, A, A], tried);
    }

    [Fact]
    public void Kept_EndpointFromBeforeARestart_IsTriedFirst()
    {
        PeerName name = Asked(movesOnAnswer: false);
        Assert.Null(name.Answered([A], Roamed, received: 0));
        Assert.Equal(Roamed, Initiate(name, Roamed, received: 0, times: 2));
        Assert.Equal(A, Initiate(name, Roamed, received: 0, times: 1));

        PeerName late = Asked(movesOnAnswer: false);
        _ = Initiate(late, Roamed, received: 0, times: 3);
        Assert.Equal(A, late.Answered([A], Roamed, received: 0));
    }

    [Fact]
    public void Named_WhileThePeerHasAnotherEndpoint_MovesWithTheAnswer()
    {
        PeerName name = Asked(movesOnAnswer: true);
        Assert.Equal(A, name.Answered([A], Roamed, received: 9));

        PeerName right = Asked(movesOnAnswer: true);
        Assert.Null(right.Answered([V6, A], A, received: 9));
    }

    [Fact]
    public void Answer_OfThousands_IsCutAndWithoutDoubles()
    {
        PeerName name = Asked(movesOnAnswer: true);
        IPAddress[] many = [.. Enumerable.Range(0, 5000).Select(i => new IPAddress([10, (byte)(i / 2 / 256), (byte)(i / 2), 1]))];
        Endpoint[] endpoints = name.EndpointsOf(many);

        Assert.Equal(PeerName.MostAddresses, endpoints.Length);
        Assert.Equal(endpoints.Distinct(), endpoints);
        Assert.All(endpoints, endpoint => Assert.Equal(51820, endpoint.Port));
    }

    [Theory]
    [InlineData("192.0.2.1", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("2001:db8::1", true)]
    [InlineData("::ffff:192.0.2.1", true)]
    [InlineData("fe80::1%1", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("0.1.2.3", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::ffff:0.0.0.0", false)]
    [InlineData("::ffff:239.1.1.1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("fe80::1", false)]
    public void Lookup_OfAHostileAnswer_IsOfUseOrNot(string address, bool isUsable)
    {
        Assert.Equal(isUsable, NameLookup.TryResolve(_ => [IPAddress.Parse(address)], "gw.example", out IPAddress[] addresses, out string reason));
        Assert.Equal(isUsable ? 1 : 0, addresses.Length);
        Assert.Equal(isUsable, reason.Length == 0);
    }

    private static Endpoint Initiate(PeerName name, Endpoint current, long received, int times)
    {
        for (int i = 0; i < times; i++)
        {
            current = name.Initiating(current, received, now: 0, out _) ?? current;
        }

        return current;
    }

    private static PeerName Asked(bool movesOnAnswer)
    {
        var name = PeerName.Unresolved("gw.example:51820", movesOnAnswer, now: 0);
        Assert.True(name.TryBeginQuestion(now: 0, jitter: 0));
        return name;
    }

    private static PeerName SilentAt(Endpoint endpoint)
    {
        var name = PeerName.Resolved("gw.example:51820", endpoint);
        Assert.Equal(endpoint, Initiate(name, endpoint, received: 0, times: 3));
        Assert.True(name.TryBeginQuestion(now: 0, jitter: 0));
        return name;
    }

    private static Endpoint At(string address, int port = 51820) => new(IPAddress.Parse(address), port);
}
