using System.Text;

namespace WgNet.Metrics;

/// <summary>What a request asks for, as far as metrics care (RFC 9112). Any bytes at all may come.</summary>
/// <param name="Status">What it deserves: 200, 400, 404 or 405.</param>
/// <param name="WantsBody">False for HEAD.</param>
/// <param name="IsChunkable">Whether whoever asks knows chunks: HTTP/1.1.</param>
internal readonly record struct HttpRequest(int Status, bool WantsBody, bool IsChunkable, MetricsFormat Format)
{
    /// <summary>Bytes. Prometheus sends some 300.</summary>
    public const int MaxSize = 8192;

    private const string Path = "/metrics";

    /// <summary>The end of a request's head in what has arrived so far; −1 if it is not there yet.</summary>
    public static int EndOfHead(ReadOnlySpan<byte> received)
    {
        int end = received.IndexOf("\r\n\r\n"u8);
        return end < 0 ? -1 : end + 4;
    }

    /// <param name="head">Up to the blank line. A body is not looked at.</param>
    public static HttpRequest Parse(ReadOnlySpan<byte> head)
    {
        Span<char> text = stackalloc char[MaxSize];
        text = text[..Encoding.Latin1.GetChars(head[..Math.Min(head.Length, MaxSize)], text)];
        var bad = new HttpRequest(400, WantsBody: true, IsChunkable: false, MetricsFormat.Plain);
        Span<Range> words = stackalloc Range[4];
        int lineEnd = text.IndexOf('\r');
        ReadOnlySpan<char> line = text[..Math.Max(lineEnd, 0)];
        if (line.Split(words, ' ') != 3 || line.ContainsAnyExceptInRange(' ', '~'))
        {
            return bad;
        }

        ReadOnlySpan<char> method = line[words[0]], target = PathOf(line[words[1]]), version = line[words[2]];
        bool isNew = version is "HTTP/1.1";
        if ((!isNew && version is not "HTTP/1.0") || method.IsEmpty || target.IsEmpty || !TryReadHeaders(text[(lineEnd + 2)..], isNew, out string accept))
        {
            return bad;
        }

        int status = !target.SequenceEqual(Path) ? 404 : method is "GET" or "HEAD" ? 200 : 405;
        return new HttpRequest(status, WantsBody: method is not "HEAD", isNew, AcceptHeader.Choose(accept));
    }

    // What a proxy sends begins with the host, and what somebody typed may end with a query. Empty if it is no path.
    private static ReadOnlySpan<char> PathOf(ReadOnlySpan<char> target)
    {
        const string Scheme = "http://";
        if (target.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            target = target[Scheme.Length..];
            target = target.Contains('/') ? target[target.IndexOf('/')..] : "/";
        }

        int query = target.IndexOf('?');
        return target is not ['/', ..] ? [] : query < 0 ? target : target[..query];
    }

    // Name: value. HTTP/1.1 has exactly one Host (RFC 9112, section 3.2).
    private static bool TryReadHeaders(ReadOnlySpan<char> text, bool needsHost, out string accept)
    {
        accept = "";
        int hosts = 0;
        foreach (Range range in text.Split("\r\n"))
        {
            ReadOnlySpan<char> line = text[range];
            int colon = line.IndexOf(':');
            if (line.IsEmpty)
            {
                continue;
            }

            if (colon <= 0 || line[..colon].ContainsAnyExceptInRange('!', '~') || line.ContainsAny('\0', '\r', '\n'))
            {
                return false;
            }

            hosts += line[..colon].Equals("Host", StringComparison.OrdinalIgnoreCase) ? 1 : 0;
            if (line[..colon].Equals("Accept", StringComparison.OrdinalIgnoreCase))
            {
                accept += $",{line[(colon + 1)..]}";
            }
        }

        return hosts == 1 || (hosts == 0 && !needsHost);
    }
}
