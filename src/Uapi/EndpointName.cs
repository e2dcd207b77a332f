using System.Buffers;

namespace WgNet.Uapi;

/// <summary>A peer's endpoint as people write it: <c>host:port</c>, where the host is a name or an address.</summary>
public static class EndpointName
{
    public const string Expected = "expected host:port, an IPv6 address in brackets";

    // A DNS name has at most 253 characters; an address with a scope fits too.
    private const int MaxHostLength = 253;

    private static readonly SearchValues<char> HostCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%");

    /// <summary>Splits without looking anything up; brackets around the host are left out.</summary>
    public static bool TrySplit(ReadOnlySpan<char> text, out ReadOnlySpan<char> host, out ushort port)
    {
        host = default;
        port = 0;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !UapiValue.TryParseNumber(text[(colon + 1)..], ushort.MaxValue, out ulong number))
        {
            return false;
        }

        host = text[..colon];
        bool bracketed = host.Length > 2 && host[0] == '[' && host[^1] == ']';
        host = bracketed ? host[1..^1] : host;
        port = (ushort)number;
        return host.Length <= MaxHostLength && bracketed == host.Contains(':') && !host.ContainsAnyExcept(HostCharacters);
    }
}
