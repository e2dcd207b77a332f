using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace WgNet.Device;

/// <summary>Where metrics are served, as the UAPI and configuration files say it: nowhere, at a Unix socket, or at an address and a port.</summary>
/// <param name="Path">The socket's absolute path, or null.</param>
/// <param name="EndPoint">The address and port, or null.</param>
public sealed record MetricsAddress(string? Path, IPEndPoint? EndPoint)
{
    public const string Expected = "expected off, a socket's absolute path, or [address]:port";

    // sockaddr_un has room for one byte more, which ends the path.
    private const int MaxPathLength = 107;

    private const string OffWord = "off";

    public static MetricsAddress Off { get; } = new(null, null);

    /// <summary>
    /// <c>off</c> or nothing, <c>/run/wgnet.sock</c>, <c>127.0.0.1:9586</c>, <c>[::1]:9586</c>, and <c>:9586</c> for every address of
    /// both families. A path is of printable ASCII without blanks.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out MetricsAddress? address)
    {
        address = text.IsEmpty || text.Equals(OffWord, StringComparison.OrdinalIgnoreCase) ? Off
            : text[0] == '/' ? ParsePath(text)
            : ParseEndPoint(text[0] == ':' ? "[::]" + text.ToString() : text.ToString());
        return address is not null;
    }

    public override string ToString() => Path ?? EndPoint?.ToString() ?? OffWord;

    private static MetricsAddress? ParsePath(ReadOnlySpan<char> text) =>
        text.Length is > 1 and <= MaxPathLength && text[^1] != '/' && !text.ContainsAnyExceptInRange('!', '~') ? new(text.ToString(), null) : null;

    // The comparison refuses 010.0.0.1, which would be taken for octal, and an IPv6 address without brackets.
    private static MetricsAddress? ParseEndPoint(string text) =>
        IPEndPoint.TryParse(text, out IPEndPoint? endPoint) && endPoint.Port > 0 && (text[0] == '[' || text == endPoint.ToString())
            ? new(null, endPoint)
            : null;
}
