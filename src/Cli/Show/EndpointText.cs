using System.Globalization;
using WgNet.Linux;
using WgNet.Routing;
using WgNet.Udp;

namespace WgNet.Cli.Show;

/// <summary>Outside endpoints as wg(8) prints them: <c>192.0.2.1:51820</c>, <c>[2001:db8::1]:51820</c>, <c>[fe80::1%eth0]:51820</c>.</summary>
internal static class EndpointText
{
    public static string Of(Endpoint endpoint) => endpoint.IsIPv4
        ? endpoint.ToString()
        : string.Create(CultureInfo.InvariantCulture, $"[{InetText.Of(endpoint.Address)}{Scope(endpoint)}]:{endpoint.Port}");

    private static string Scope(Endpoint endpoint)
    {
        long scope = endpoint.Address.ScopeId;
        return scope == 0 ? "" : "%" + (NameOf(scope) ?? scope.ToString(CultureInfo.InvariantCulture));
    }

    // Null if it has gone: the number is then all that is left to print.
    private static string? NameOf(long scope)
    {
        try
        {
            using var netlink = new RouteNetlink();
            return netlink.FindLink((int)scope)?.Name;
        }
        catch (LinuxException)
        {
            return null;
        }
    }
}
