using System.Net;
using WgNet.Learning;
using WgNet.Routing;

namespace WgNet.Unit.Learning;

/// <summary>A learner with its AllowedIPs and two peers that may claim addresses in 2001:db8::/64.</summary>
public abstract class LearnerFixture
{
    protected const long Second = 1_000_000_000;
    protected const long TokenInterval = 600 * Second / 16;

    protected LearnerFixture()
    {
        Learner = new AddressLearner<string>(AllowedIps, new byte[16]);
        P = Learner.AddPeer("p");
        Q = Learner.AddPeer("q");
        _ = Learner.AddLearnable(P, Prefix("2001:db8::/64"));
        _ = Learner.AddLearnable(Q, Prefix("2001:db8::/64"));
    }

    protected AllowedIps<string> AllowedIps { get; } = new();

    protected AddressLearner<string> Learner { get; }

    protected LearningPeer<string> P { get; }

    protected LearningPeer<string> Q { get; }

    protected long Now { get; set; } = 1_000 * Second;

    protected static UInt128 Address(string text) => IpPrefix.ToNumber(IPAddress.Parse(text));

    protected static IpPrefix Prefix(string text) =>
        IpPrefix.TryParse(text, out IpPrefix prefix) ? prefix : throw new ArgumentException(text, nameof(text));

    /// <summary>2001:db8::1000 and up.</summary>
    protected static UInt128 Host(int number) => Address("2001:db8::1000") + (uint)number;

    protected SourceVerdict Receive(LearningPeer<string> from, string source) => Learner.CheckIPv6Source(from, Address(source), Now);

    protected SourceVerdict Receive(LearningPeer<string> from, UInt128 source) => Learner.CheckIPv6Source(from, source, Now);

    protected string? Lookup(string destination) => Learner.Lookup(Address(destination), Now);

    protected string? Lookup(UInt128 destination) => Learner.Lookup(destination, Now);

    /// <summary>As the device does it.</summary>
    protected void Allow(string prefix, string peer)
    {
        AllowedIps.Insert(Prefix(prefix), peer);
        Learner.AllowedIpsChanged(Prefix(prefix));
    }

    protected IEnumerable<UInt128> Learned(LearningPeer<string> peer) => Learner.Learned(peer, Now).Select(learned => learned.Address);
}
