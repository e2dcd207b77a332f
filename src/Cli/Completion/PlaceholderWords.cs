using WgNet.Cli.Quick;
using WgNet.Cli.Show;
using WgNet.Device;
using WgNet.Routing;

namespace WgNet.Cli.Completion;

/// <summary>What there is on this system to put in the place of a placeholder of a usage line. Whoever may not look sees nothing.</summary>
/// <param name="verb">The verb's name.</param>
/// <param name="words">The words after the verb, options left out.</param>
internal sealed class PlaceholderWords(string verb, IReadOnlyList<string> words)
{
    public IEnumerable<Candidate> Of(string placeholder) => placeholder switch
    {
        "<interface>" => Interfaces().Select(name => new Candidate(name)),
        "<file>" or "<file>.conf" or "<directory>" => [new Candidate(placeholder)],
        "<public key>" or "<peer>" => Peers(),
        "<address>" => verb == "learned" ? LearnedAddresses() : [],
        _ => [],
    };

    private IEnumerable<string> Interfaces() => verb switch
    {
        "up" => QuickFile.Names().Except(RunningInterfaces.Names(), StringComparer.Ordinal),
        "down" or "save" or "reload" => QuickFile.Names().Intersect(RunningInterfaces.Names(), StringComparer.Ordinal),
        "strip" => QuickFile.Names(),
        "doctor" => QuickFile.Names().Union(RunningInterfaces.Names(), StringComparer.Ordinal),
        "init" => [],
        _ => RunningInterfaces.Names(),
    };

    // What a peer did last tells people which one it is.
    private List<Candidate> Peers() => Ask(peer => [new Candidate(peer.PublicKey.ToString(), Place(peer))]);

    private List<Candidate> LearnedAddresses()
    {
        bool unpin = words is [_, "unpin", ..];
        return Ask(peer => peer.LearnedAddresses
            .Where(learned => !unpin || learned.IsPinned)
            .Select(learned => new Candidate(IpPrefix.ToAddress(learned.Address, isIPv4: false).ToString(), peer.PublicKey.ToString())));
    }

    private List<Candidate> Ask(Func<PeerSnapshot, IEnumerable<Candidate>> candidates)
    {
        if (words.Count == 0)
        {
            return [];
        }

        using DeviceView device = new(words[0], RunningInterfaces.Get(words[0]), publicKey: null);
        return [.. device.Snapshot.Peers.SelectMany(candidates)];
    }

    private static string Place(PeerSnapshot peer) => peer.Endpoint is { } endpoint ? EndpointText.Of(endpoint) : string.Join(", ", peer.AllowedIps.Take(2));
}
