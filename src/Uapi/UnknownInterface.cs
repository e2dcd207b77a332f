namespace WgNet.Uapi;

/// <summary>Says what an interface without a control socket is instead, so that the user knows where to turn.</summary>
public static class UnknownInterface
{
    /// <param name="kind">As rtnetlink(7) names it; empty for hardware; null if there is no such interface.</param>
    public static string Explain(string? kind, string socketPath) => kind switch
    {
        null => $"no such WireGuard interface (there is no {socketPath})",
        "wireguard" => "a kernel WireGuard interface, which WgNet does not run: use wg(8)",
        "tun" => $"a tun interface, but the process that runs it, if it is WireGuard, has no control socket (there is no {socketPath})",
        "" => "not a WireGuard interface",
        _ => $"not a WireGuard interface, but one of kind {kind}",
    };
}
