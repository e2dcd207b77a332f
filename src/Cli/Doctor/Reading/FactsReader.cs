using WgNet.Cli.Quick;
using WgNet.Cli.Show;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Routing;
using WgNet.Uapi;

namespace WgNet.Cli.Doctor;

/// <summary>Gathers what the checks look at. Reads only: nothing on the system is changed.</summary>
internal static class FactsReader
{
    private const int VirtualNameLength = 20;

    // A process that is stopped, or hangs, would not answer at all.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <param name="file">The configuration's path; null if there is none.</param>
    public static Facts Read(string name, string? file)
    {
        var facts = new Facts(name) { File = file is null ? null : FileReader.Read(file, name) };
        using RouteNetlink netlink = new();
        facts = ReadDevice(facts) with { Link = ReadLink(netlink, name) };
        return facts with { System = SystemReader.Read(netlink, facts) };
    }

    private static Facts ReadDevice(Facts facts)
    {
        try
        {
            DeviceSnapshot snapshot = UapiClient.Get(facts.Name, Patience);
            using DeviceView view = DeviceView.Of(facts.Name, snapshot);
            return facts with { Socket = SocketState.Answers, Device = new DeviceFacts(snapshot.WgNetVersion, TunnelOf(view)) };
        }
        catch (UapiException e)
        {
            SocketState state = e.Errno switch
            {
                Errno.ENODEV => SocketState.None,
                Errno.EACCES => SocketState.Forbidden,
                Errno.ECONNREFUSED => SocketState.Stale,
                _ => SocketState.Broken,
            };
            return facts with { Socket = state, SocketFailure = e.Message };
        }
    }

    private static TunnelFacts TunnelOf(DeviceView view)
    {
        DeviceSnapshot snapshot = view.Snapshot;
        return new TunnelFacts
        {
            HasPrivateKey = snapshot.PrivateKey is not null,
            OwnKey = view.PublicKey,
            ListenPort = snapshot.ListenPort,
            Mark = snapshot.FirewallMark,
            Peers = [.. snapshot.Peers.Select((peer, i) => PeerOf(peer, i, snapshot.PrivateKey))],
        };
    }

    private static PeerFacts PeerOf(PeerSnapshot peer, int index, byte[]? privateKey)
    {
        bool isPrivate = KeyFacts.IsSame(peer.PublicKey, privateKey);
        return new PeerFacts(isPrivate ? default : peer.PublicKey, isPrivate ? $"peer {index + 1}" : KeyFacts.Short(peer.PublicKey))
        {
            IsOwnPrivateKey = isPrivate,
            HasEndpoint = peer.Endpoint is not null,
            Endpoint = peer.Endpoint,
            AllowedIps = peer.AllowedIps,
            LearnableIps = peer.LearnableIps,
            Conflicts = peer.Drops.Find(drop => drop.Reason == "conflict").Count,
            HasLearnedLinkLocal = peer.LearnedAddresses.Exists(learned => Prefixes.LinkLocal.ContainsIPv6(learned.Address)),
            LatestHandshake = peer.LastHandshakeWallTime / 1_000_000_000,
            SentBytes = peer.SentBytes,
        };
    }

    private static LinkFacts? ReadLink(RouteNetlink netlink, string name)
    {
        if (netlink.FindLink(name) is not { } link)
        {
            return null;
        }

        IpPrefix[] routes = [.. InterfaceState.AllRoutes(netlink, link.Index).Select(PlannedRoute.Of).Select(route => route.Prefix).Distinct()];
        IReadOnlyList<RunningProcess> holders = link.Kind == "tun" ? ProcessTable.TunHolders(name) : [];
        return new LinkFacts(link, netlink.Addresses(link.Index), routes, holders)
        {
            TunFlags = TunFlags(name),
            OffSwitches = [.. holders.SelectMany(holder => ProcessTable.Environment(holder.Id))
                .Where(text => text is "WGNET_OFFLOAD=off" or "WGNET_TUN_OFFLOAD=off" or "WGNET_UDP_OFFLOAD=off").Distinct(StringComparer.Ordinal)],
        };
    }

    // As hexadecimal, with 0x before it.
    private static int? TunFlags(string name)
    {
        string text = TextFile.Read($"/sys/class/net/{name}/tun_flags", VirtualNameLength)?.Trim() ?? "";
        return text.StartsWith("0x", StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(2), System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out int flags) ? flags : null;
    }
}
