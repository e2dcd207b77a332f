using System.Globalization;
using System.Net;
using WgNet.Linux;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// A peer's place outside as a <see cref="SavedState"/> says it. An address that holds on one link alone (RFC 4007) goes with the name of
/// that link's interface, <c>[fe80::1%eth0]:51820</c>, and not with its index, which another interface has after a reboot. What is found
/// out of an interface is asked once. Not thread-safe.
/// </summary>
internal sealed class SavedEndpoint
{
    private const int LongestName = 15;

    private readonly Dictionary<long, string?> _names = [];
    private readonly Dictionary<string, int?> _indices = new(StringComparer.Ordinal);

    /// <summary>Null if a later process could not know where that is: its interface has gone, or has a name not of printable ASCII.</summary>
    public string? ToText(Endpoint endpoint)
    {
        if (endpoint.IsIPv4 || endpoint.Address.ScopeId == 0)
        {
            return endpoint.ToString();
        }

        string? name = NameOf(endpoint.Address.ScopeId);
        return name is null || name.AsSpan().ContainsAnyExceptInRange('!', '~') ? null
            : string.Create(CultureInfo.InvariantCulture, $"[{WithScope(endpoint.Address, 0)}%{name}]:{endpoint.Port}");
    }

    /// <summary>False if it is no endpoint.</summary>
    /// <param name="endpoint">Null if there is no interface of that name.</param>
    public bool TryParse(ReadOnlySpan<char> text, out Endpoint? endpoint)
    {
        int percent = text.IndexOf('%'), bracket = text.LastIndexOf(']');
        if (percent < 0)
        {
            return Endpoint.TryParse(text, out endpoint);
        }

        endpoint = null;
        if (bracket - percent - 1 is < 1 or > LongestName || !Endpoint.TryParse(string.Concat(text[..percent], text[bracket..]), out Endpoint? unscoped)
            || unscoped.IsIPv4)
        {
            return false;
        }

        if (IndexOf(text[(percent + 1)..bracket].ToString()) is { } index)
        {
            endpoint = new Endpoint(WithScope(unscoped.Address, index), unscoped.Port);
        }

        return true;
    }

    private static IPAddress WithScope(IPAddress address, long scope) => new(address.GetAddressBytes(), scope);

    private string? NameOf(long index)
    {
        if (!_names.TryGetValue(index, out string? name))
        {
            name = Find(netlink => netlink.FindLink((int)index))?.Name;
            _names.Add(index, name);
        }

        return name;
    }

    private int? IndexOf(string name)
    {
        if (!_indices.TryGetValue(name, out int? index))
        {
            index = Find(netlink => netlink.FindLink(name))?.Index;
            _indices.Add(name, index);
        }

        return index;
    }

    // Without netlink no interface is known: an endpoint less is all that this may cost.
    private static LinkInfo? Find(Func<RouteNetlink, LinkInfo?> find)
    {
        try
        {
            using var netlink = new RouteNetlink();
            return find(netlink);
        }
        catch (LinuxException)
        {
            return null;
        }
    }
}
