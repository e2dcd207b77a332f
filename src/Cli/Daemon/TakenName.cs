using WgNet.Linux;

namespace WgNet.Cli.Daemon;

/// <summary>Why no TUN interface of a name can be had, where the name is somebody else's: by whom it is taken, and what to do.</summary>
internal static class TakenName
{
    /// <param name="errno">What TUNSETIFF said.</param>
    /// <returns>Null if it is not for the name's sake.</returns>
    public static string? Explain(string name, int errno) => errno switch
    {
        Errno.EBUSY => Busy(name, ProcessTable.TunHolders(name)),
        Errno.EINVAL when KindOf(name) is { } kind => Occupied(name, kind),
        _ => null,
    };

    internal static string Busy(string name, IReadOnlyList<RunningProcess> holders)
    {
        string holder = holders.Count == 0 ? "another process, which cannot be seen from here," : string.Join(" and ", holders);
        return $"{name}: {holder} holds this interface already; end that one first, with `wgnet down {name}' or `ip link delete {name}', or choose another name";
    }

    /// <param name="kind">As rtnetlink(7) names it; empty for hardware.</param>
    internal static string Occupied(string name, string kind) => kind switch
    {
        "" => $"{name}: the name is taken by a network device; choose another name",
        "tun" => $"{name}: the name is taken by an interface that is no plain TUN: a TAP, or a TUN with several queues; {Remove(name)}",
        "wireguard" => $"{name}: the name is taken by a WireGuard interface of the kernel's; {Remove(name)}",
        _ => $"{name}: the name is taken by an interface of kind {kind}; {Remove(name)}",
    };

    private static string Remove(string name) => $"choose another name, or remove that one with `ip link delete {name}'";

    private static string? KindOf(string name)
    {
        try
        {
            using RouteNetlink netlink = new();
            return netlink.FindLink(name)?.Kind;
        }
        catch (LinuxException)
        {
            return null;
        }
    }
}
