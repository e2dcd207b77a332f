using WgNet.Routing;

namespace WgNet.Micro.Baselines;

/// <summary>Longest match the other common way: one hash table, asked once for each prefix length in use, the longest first.</summary>
internal sealed class PrefixDictionary<TPeer>
    where TPeer : class
{
    private readonly Dictionary<IpPrefix, TPeer> _peers = [];
    private int[] _lengths = [];

    public void Insert(IpPrefix prefix, TPeer peer) => InsertAll([(prefix, peer)]);

    public void InsertAll(IEnumerable<(IpPrefix Prefix, TPeer Peer)> owned)
    {
        HashSet<int> lengths = [.. _lengths];
        foreach ((IpPrefix prefix, TPeer peer) in owned)
        {
            _peers[prefix] = peer;
            _ = lengths.Add(prefix.Length);
        }

        _lengths = [.. lengths.OrderDescending()];
    }

    public TPeer? Lookup(UInt128 address, bool isIPv4)
    {
        foreach (int length in _lengths)
        {
            if (_peers.TryGetValue(new IpPrefix(address, length, isIPv4), out TPeer? peer))
            {
                return peer;
            }
        }

        return null;
    }
}
