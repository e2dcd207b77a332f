using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace WgNet.Unit.Metrics;

/// <summary>One request for metrics, byte for byte.</summary>
internal static class Scrape
{
    public const string OpenMetrics = "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: application/openmetrics-text; version=1.0.0\r\n\r\n";
    public const string Plain = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";

    public static Socket Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 20_000, SendTimeout = 20_000 };
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    public static Socket Connect(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 20_000, SendTimeout = 20_000 };
        socket.Connect(endPoint);
        return socket;
    }

    /// <summary>Sends, reads to the end and closes; the whole answer.</summary>
    public static string Exchange(Socket socket, string request)
    {
        using (socket)
        {
            socket.Send(Encoding.Latin1.GetBytes(request));
            return ReadToEnd(socket);
        }
    }

    public static string ReadToEnd(Socket socket)
    {
        var answer = new StringBuilder();
        byte[] buffer = new byte[65536];
        int count;
        while ((count = socket.Receive(buffer)) > 0)
        {
            answer.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        return answer.ToString();
    }

    /// <summary>The body of an answer, put together if it came in chunks.</summary>
    public static string Body(string answer)
    {
        int headEnd = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        string rest = answer[headEnd..];
        if (!answer[..headEnd].Contains("Transfer-Encoding: chunked", StringComparison.Ordinal))
        {
            return rest;
        }

        var body = new StringBuilder();
        while (true)
        {
            int lineEnd = rest.IndexOf("\r\n", StringComparison.Ordinal);
            int length = int.Parse(rest.AsSpan(0, lineEnd), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (length == 0)
            {
                return rest[lineEnd..] == "\r\n\r\n" ? body.ToString() : throw new FormatException("no end after the last chunk");
            }

            body.Append(rest.AsSpan(lineEnd + 2, length));
            rest = rest[(lineEnd + 2 + length + 2)..];
        }
    }
}
