using System.Globalization;
using System.Text;

namespace WgNet.Metrics;

/// <summary>Heads of answers. Each connection carries one: who asks every fifteen seconds gains nothing from keeping it.</summary>
internal static class HttpAnswer
{
    /// <summary>The end of a body in chunks.</summary>
    public static readonly byte[] LastChunk = Encoding.ASCII.GetBytes("0\r\n\r\n");

    /// <summary>A whole answer that is not metrics.</summary>
    public static byte[] Refusal(HttpRequest request)
    {
        string body = request.Status switch
        {
            404 => "not found: metrics are at /metrics\n",
            405 => "only GET and HEAD are allowed\n",
            _ => "bad request\n",
        };
        string allow = request.Status == 405 ? "Allow: GET, HEAD\r\n" : "";
        string length = $"Content-Length: {body.Length.ToString(CultureInfo.InvariantCulture)}\r\n";
        return Head(request.Status, "text/plain; charset=utf-8", allow + length, request.WantsBody ? body : "");
    }

    /// <summary>What comes before the metrics. Without chunks, the connection's end is the body's.</summary>
    public static byte[] MetricsHead(HttpRequest request) =>
        Head(200, request.Format.ContentType(), request.IsChunkable && request.WantsBody ? "Transfer-Encoding: chunked\r\n" : "", "");

    /// <summary>What comes before a chunk's bytes; behind them comes a line's end.</summary>
    public static byte[] ChunkHead(int length) => Encoding.ASCII.GetBytes(length.ToString("x", CultureInfo.InvariantCulture) + "\r\n");

    private static byte[] Head(int status, string contentType, string more, string body)
    {
        string reason = status switch { 200 => "OK", 404 => "Not Found", 405 => "Method Not Allowed", _ => "Bad Request" };
        return Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} {reason}\r\nDate: {DateTime.UtcNow:R}\r\nContent-Type: {contentType}\r\nConnection: close\r\n{more}\r\n{body}"));
    }
}
