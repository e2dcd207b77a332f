using System.Net.Sockets;
using System.Text;

namespace WgNet.TestBed;

/// <summary>The control socket as a program sees it that does not use wg(8).</summary>
public static class UapiSocket
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    public static string PathOf(string interfaceName) => $"/var/run/wireguard/{interfaceName}.sock";

    public static Socket Connect(string interfaceName)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)Timeout.TotalMilliseconds,
        };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(PathOf(interfaceName)));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static bool Answers(string interfaceName)
    {
        try
        {
            return Exchange(interfaceName, "get=1\n\n").Contains("errno=0", StringComparison.Ordinal);
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>One request, to the empty line that ends its answer.</summary>
    public static string Exchange(string interfaceName, string request)
    {
        using Socket socket = Connect(interfaceName);
        socket.Send(Encoding.ASCII.GetBytes(request));
        return ReadAnswer(socket);
    }

    /// <summary>Reads until an empty line or the end.</summary>
    public static string ReadAnswer(Socket socket)
    {
        var text = new StringBuilder();
        byte[] buffer = new byte[65536];
        while (!text.ToString(Math.Max(0, text.Length - 2), Math.Min(2, text.Length)).Equals("\n\n", StringComparison.Ordinal))
        {
            int count = socket.Receive(buffer);
            if (count == 0)
            {
                break;
            }

            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        return text.ToString();
    }

    /// <summary>The errno that answers <c>set=1</c> followed by <paramref name="lines"/>.</summary>
    public static int Set(string interfaceName, params string[] lines)
    {
        string answer = Exchange(interfaceName, "set=1\n" + string.Join('\n', lines) + "\n\n");
        return int.Parse(answer.Trim()["errno=".Length..], System.Globalization.CultureInfo.InvariantCulture);
    }

    public static IReadOnlyList<(string Key, string Value)> Get(string interfaceName) =>
        [.. Exchange(interfaceName, "get=1\n\n")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2))
            .Select(parts => (parts[0], parts[1]))];
}
