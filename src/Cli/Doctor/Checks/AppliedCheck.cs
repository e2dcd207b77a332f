using WgNet.Routing;

namespace WgNet.Cli.Doctor;

/// <summary>What runs is what the file says.</summary>
internal static class AppliedCheck
{
    public static readonly Check Check = new("applied", "the interface has the peers of its file", Examine);

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts is not { File.Tunnel: { } file, Device: { } device })
        {
            yield return Finding.Skip("applied", facts.Device is null ? "nothing runs to compare the file with" : "there is no file to compare the interface with");
            yield break;
        }

        if (facts.File.IsSaved)
        {
            yield break;
        }

        Dictionary<string, PeerFacts> running = device.Tunnel.Peers.DistinctBy(peer => peer.Key).ToDictionary(peer => peer.Key.ToString(), StringComparer.Ordinal);
        HashSet<IpPrefix> allowed = [.. device.Tunnel.Peers.SelectMany(peer => peer.AllowedIps)];
        List<PeerFacts> missing = [.. file.Peers.Where(peer => !running.ContainsKey(peer.Key.ToString()) && peer.Key != device.Tunnel.OwnKey)];
        List<PeerFacts> changed = [.. file.Peers.Where(peer => running.TryGetValue(peer.Key.ToString(), out PeerFacts? now) && Differ(device, allowed, peer, now))];
        if (missing.Count + changed.Count > 0)
        {
            string what = string.Join(", ", missing.Select(peer => $"{peer.Label} is not there").Concat(changed.Select(peer => $"{peer.Label} has other prefixes")));
            yield return Finding.Warn("not-applied", $"the interface is not what its file says: {what}", "a changed file has no effect until it is applied", Mend.Run($"wgnet reload {facts.Argument}"));
        }
    }

    // A prefix that several peers of the file have is one peer's in the end, which is another check's matter. Another implementation
    // has no learnable prefixes.
    private static bool Differ(DeviceFacts device, HashSet<IpPrefix> allowed, PeerFacts wanted, PeerFacts now) =>
        now.AllowedIps.Except(wanted.AllowedIps).Any()
        || !wanted.AllowedIps.All(allowed.Contains)
        || (device.Version is not null && !now.LearnableIps.ToHashSet().SetEquals(wanted.LearnableIps));
}
