using System.Buffers;
using System.Globalization;
using System.Net;

namespace WgNet.Device;

/// <summary>A peer's endpoint as people write it: <c>host:port</c>, where the host is a name or an address.</summary>
public static class EndpointName
{
    public const string Expected = "expected host:port, an IPv6 address in brackets";

    // A DNS name has at most 253 characters; an address with a scope fits too.
    private const int MaxHostLength = 253;

    private static readonly SearchValues<char> HostCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%");

    private const string Form = "the peer's outside address, host:port, an IPv6 address in brackets, such as [2001:db8::1]:51820";

    /// <summary>Splits, and takes no port 0, to which nothing can be sent.</summary>
    public static bool IsEndpoint(ReadOnlySpan<char> text) => TrySplit(text, out _, out ushort port) && port > 0;

    /// <summary>What is wrong with a text that is no endpoint, and what would be right.</summary>
    public static (string Reason, string Expected) Explain(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Contains('/', StringComparison.Ordinal))
        {
            return ("an inside prefix, which belongs to AllowedIPs", Form);
        }

        bool isAddress = IPAddress.TryParse(text, out IPAddress? address);
        int colon = text.LastIndexOf(':');
        if (colon > 0 && text[0] != '[')
        {
            // The last group may be the port. Where it can be one, it is meant.
            string bracketed = $"[{text[..colon]}]{text[colon..]}";
            bool hasPort = text[..colon].Contains(':', StringComparison.Ordinal) && IPAddress.TryParse(text.AsSpan(0, colon), out _) && IsEndpoint(bracketed);
            if (hasPort || isAddress)
            {
                return ("an IPv6 address without brackets, whose port cannot be told", hasPort ? bracketed : $"[{address}]:51820");
            }
        }

        return isAddress || colon < 0 || (text[0] == '[' && text[^1] == ']')
            ? ("no port", IsEndpoint($"{text}:51820") ? $"one after it: {text}:51820" : Form)
            : ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0
            ? ("not an endpoint", Form)
            : ($"`{text[(colon + 1)..]}' is no port", "host:port, a port from 1 to 65535");
    }

    /// <summary>Splits without looking anything up; brackets around the host are left out.</summary>
    public static bool TrySplit(ReadOnlySpan<char> text, out ReadOnlySpan<char> host, out ushort port)
    {
        host = default;
        port = 0;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port))
        {
            return false;
        }

        host = text[..colon];
        bool bracketed = host.Length > 2 && host[0] == '[' && host[^1] == ']';
        host = bracketed ? host[1..^1] : host;
        return host.Length <= MaxHostLength && bracketed == host.Contains(':') && !host.ContainsAnyExcept(HostCharacters);
    }
}
