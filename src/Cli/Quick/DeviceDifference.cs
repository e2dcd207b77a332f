using System.Globalization;
using WgNet.Device;
using WgNet.Learning;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Udp;

namespace WgNet.Cli.Quick;

/// <summary>
/// Turns a file's whole configuration into an update of what differs, so that no session, no learned address and no endpoint that
/// a peer roamed to is touched without need. What the file says becomes so; peers and prefixes that it does not name go; of the
/// rest, what an applied file said is set back, and what somebody else set stays. The firewall mark is not looked at. Pure.
/// </summary>
/// <param name="applied">What was applied last; null if that is not known, when all that is left unsaid of a peer is set back.</param>
internal sealed class DeviceDifference(DeviceSnapshot now, DeviceUpdate? applied)
{
    private const int KeySize = 32;
    private const string Hidden = "(hidden)";

    private readonly List<Change> _changes = [];

    public IReadOnlyList<Change> Changes => _changes;

    /// <summary>Whether there is anything to set.</summary>
    public bool IsEmpty => _changes.Count == 0;

    /// <param name="wanted">A file read so that what it does not mention is null; it becomes the update.</param>
    public void Reduce(DeviceUpdate wanted)
    {
        wanted.PrivateKey = Secret("PrivateKey", now.PrivateKey, wanted.PrivateKey);
        wanted.PrivateKeyFile = KeyFile("PrivateKeyFile", now.PrivateKeyFile, wanted.PrivateKeyFile, wanted.PrivateKey);
        wanted.ListenPort = Value("ListenPort", now.ListenPort, wanted.ListenPort);
        wanted.Workers = Value("Workers", now.Workers, wanted.Workers ?? (applied?.Workers is null ? null : WorkerCount.Automatic));
        MetricsAddress off = MetricsAddress.Off;
        wanted.MetricsListen = Word("MetricsListen", now.MetricsListen ?? off, wanted.MetricsListen ?? (applied?.MetricsListen is null ? null : off), none: off);
        string? state = Word("StateFile", Switch(now.StateFile)!, Switch(wanted.StateFile ?? (applied?.StateFile is null ? null : true)), none: Switch(true)!);
        wanted.StateFile = state is null ? null : state == Switch(true);
        ReducePeers(wanted);

        static string? Switch(bool? on) => on switch { null => null, true => "on", false => "off" };
    }

    /// <summary>Where the peers will be, as far as that is known.</summary>
    /// <param name="update">The reduced update, its names looked up.</param>
    public IEnumerable<Endpoint> Endpoints(DeviceUpdate update)
    {
        var endpoints = now.Peers.ToDictionary(peer => peer.PublicKey, peer => peer.Endpoint);
        foreach (PeerUpdate peer in update.Peers)
        {
            endpoints[peer.PublicKey] = peer.Remove ? null : peer.Endpoint ?? endpoints.GetValueOrDefault(peer.PublicKey);
        }

        return endpoints.Values.OfType<Endpoint>();
    }

    private void ReducePeers(DeviceUpdate wanted)
    {
        var known = now.Peers.ToDictionary(peer => peer.PublicKey);
        var before = (applied?.Peers ?? []).GroupBy(peer => peer.PublicKey).ToDictionary(group => group.Key, group => group.Last());
        // As setconf: of two sections for one peer the later counts, and of two peers with one prefix.
        PeerUpdate[] peers = [.. wanted.Peers.GroupBy(peer => peer.PublicKey).Select(group => group.Last())];
        Dictionary<IpPrefix, PublicKey> owners = [];
        foreach (PeerUpdate peer in peers)
        {
            Stated(peer.AllowedIps).ForEach(prefix => owners[prefix] = peer.PublicKey);
        }

        wanted.ReplacePeers = false;
        wanted.Peers.Clear();
        foreach (PublicKey gone in now.Peers.Select(peer => peer.PublicKey).Except(peers.Select(peer => peer.PublicKey)))
        {
            wanted.Peers.Add(new PeerUpdate(gone) { Remove = true });
            _changes.Add(new Change(Comes: false, $"peer {gone}"));
        }

        foreach (PeerUpdate peer in peers)
        {
            IpPrefix[] allowed = [.. Stated(peer.AllowedIps).Where(prefix => owners[prefix] == peer.PublicKey)];
            int changes = _changes.Count;
            if (!known.TryGetValue(peer.PublicKey, out PeerSnapshot? existing))
            {
                _changes.Add(new Change(Comes: true, $"peer {peer.PublicKey}"));
                existing = new PeerSnapshot(peer.PublicKey) { LearnLimit = LearnDefaults.Limit, LearnTimeoutSeconds = DefaultTimeout };
            }

            ReducePeer(peer, existing, allowed, before.GetValueOrDefault(peer.PublicKey));
            if (_changes.Count > changes)
            {
                wanted.Peers.Add(peer);
            }
        }
    }

    private void ReducePeer(PeerUpdate peer, PeerSnapshot existing, IpPrefix[] allowed, PeerUpdate? before)
    {
        string label = $"peer {peer.PublicKey} ";
        bool IsSetBack(bool wasStated) => applied is null || wasStated;
        byte[]? presharedKey = peer.PresharedKey ?? (IsSetBack(before?.PresharedKey is not null) ? new byte[KeySize] : null);
        peer.PresharedKey = Secret($"{label}PresharedKey", existing.PresharedKey, presharedKey);
        peer.PresharedKeyFile = KeyFile($"{label}PresharedKeyFile", existing.PresharedKeyFile, peer.PresharedKeyFile, peer.PresharedKey);
        ReduceEndpoint(peer, existing, before, label);
        peer.PersistentKeepalive = Value(
            $"{label}PersistentKeepalive", existing.PersistentKeepalive, peer.PersistentKeepalive ?? (IsSetBack(before?.PersistentKeepalive is not null) ? (ushort)0 : null));
        peer.LearnLimit = Value($"{label}LearnLimit", existing.LearnLimit, peer.LearnLimit ?? (IsSetBack(before?.LearnLimit is not null) ? LearnDefaults.Limit : null), zeroIsNone: false);
        peer.LearnTimeoutSeconds = Value(
            $"{label}LearnTimeout", existing.LearnTimeoutSeconds, peer.LearnTimeoutSeconds ?? (IsSetBack(before?.LearnTimeoutSeconds is not null) ? DefaultTimeout : null));
        List<IpPrefix> learnable = Stated(peer.LearnableIps);
        ReducePrefixes(peer.AllowedIps, existing.AllowedIps, allowed, $"{label}AllowedIPs = ");
        ReducePrefixes(peer.LearnableIps, existing.LearnableIps, learnable, $"{label}LearnableIPs = ");
        peer.ReplaceAllowedIps = peer.ReplaceLearnableIps = false;
    }

    // A peer may be elsewhere by now than where the file says that it begins. Only another beginning than before counts.
    private void ReduceEndpoint(PeerUpdate peer, PeerSnapshot existing, PeerUpdate? before, string label)
    {
        string? wanted = Text(peer.Endpoint, peer.EndpointHost);
        string? current = Text(existing.Endpoint, existing.EndpointHost);
        if (wanted is null || wanted == current || wanted == Text(before?.Endpoint, before?.EndpointHost))
        {
            peer.Endpoint = null;
            peer.EndpointHost = null;
            return;
        }

        _changes.AddRange(Change.Between<string>($"{label}Endpoint = ", current is null ? [] : [current], [wanted]));

        static string? Text(Endpoint? endpoint, string? host) => string.IsNullOrEmpty(host) ? endpoint?.ToString() : host;
    }

    private void ReducePrefixes(List<PrefixUpdate> updates, IReadOnlyCollection<IpPrefix> current, IReadOnlyCollection<IpPrefix> wanted, string label)
    {
        updates.Clear();
        updates.AddRange(current.Except(wanted).Select(prefix => new PrefixUpdate(prefix, Remove: true)));
        updates.AddRange(wanted.Except(current).Select(prefix => new PrefixUpdate(prefix, Remove: false)));
        _changes.AddRange(Change.Between(label, current, wanted));
    }

    // Null and all zero are both no key.
    private byte[]? Secret(string label, byte[]? current, byte[]? wanted)
    {
        if (wanted is null || wanted.AsSpan().SequenceEqual(current ?? new byte[KeySize]))
        {
            return null;
        }

        bool comes = wanted.AsSpan().ContainsAnyExcept((byte)0);
        if (current is not null)
        {
            _changes.Add(new Change(Comes: false, $"{label} = {Hidden}"));
        }

        if (comes)
        {
            _changes.Add(new Change(Comes: true, $"{label} = {Hidden}"));
        }

        return wanted;
    }

    // With a key that is set the path is said again. What another implementation runs knows of no files.
    private string? KeyFile(string label, string? current, string? wanted, byte[]? secret)
    {
        if (wanted is null || now.WgNetVersion is null)
        {
            return null;
        }

        _changes.AddRange(Change.Between($"{label} = ", current is null ? [] : new[] { current }, wanted.Length == 0 ? [] : new[] { wanted }));
        return secret is not null || wanted != (current ?? "") ? wanted : null;
    }

    // Zero is said only where it means something.
    private T? Value<T>(string label, T current, T? wanted, bool zeroIsNone = true)
        where T : struct, IFormattable, IEquatable<T>
    {
        if (wanted is not { } value || value.Equals(current))
        {
            return null;
        }

        _changes.AddRange(Change.Between($"{label} = ", Texts(current), Texts(value)));
        return wanted;

        IEnumerable<string> Texts(T number) => zeroIsNone && number.Equals(default) ? [] : [number.ToString(null, CultureInfo.InvariantCulture)];
    }

    private T? Word<T>(string label, T current, T? wanted, T none)
        where T : class
    {
        if (wanted is null || wanted.Equals(current))
        {
            return null;
        }

        _changes.AddRange(Change.Between($"{label} = ", current.Equals(none) ? [] : new[] { current }, wanted.Equals(none) ? [] : new[] { wanted }));
        return wanted;
    }

    private static long DefaultTimeout => (long)LearnDefaults.Timeout.TotalSeconds;

    // +prefix and -prefix in a file add to and take from what it said before.
    private static List<IpPrefix> Stated(List<PrefixUpdate> updates)
    {
        HashSet<IpPrefix> stated = [];
        foreach (PrefixUpdate update in updates)
        {
            _ = update.Remove ? stated.Remove(update.Prefix) : stated.Add(update.Prefix);
        }

        return [.. stated];
    }
}
