using System.Net.Sockets;
using System.Text;
using WgNet.Device;
using WgNet.Uapi;

namespace WgNet.Unit.Uapi;

/// <summary>A running server on an interface name of its own, with a log to look into.</summary>
internal sealed class ServerFixture : IDisposable
{
    private static int _count;

    private readonly StringWriter _log = new();

    public ServerFixture(TimeSpan? answerTimeout = null)
    {
        Name = $"wgt{Environment.ProcessId % 1_000_000}n{Interlocked.Increment(ref _count)}";
        Server = new UapiServer(UapiListener.Open(Name), Path, Device, new Log(LogLevel.Error, _log), answerTimeout);
        Server.Start();
    }

    public string Name { get; }

    public string Path => UapiListener.SocketPath(Name);

    public FakeDevice Device { get; } = new();

    public UapiServer Server { get; }

    public string LogText => _log.ToString();

    public Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 20_000, SendTimeout = 20_000 };
        socket.Connect(new UnixDomainSocketEndPoint(Path));
        return socket;
    }

    /// <summary>Sends all of it, closes the sending side, and reads until the server closes.</summary>
    public string Exchange(string text)
    {
        using Socket socket = Connect();
        Send(socket, text);
        socket.Shutdown(SocketShutdown.Send);
        return ReadToEnd(socket);
    }

    public static void Send(Socket socket, string text)
    {
        ReadOnlySpan<byte> rest = Encoding.Latin1.GetBytes(text);
        while (!rest.IsEmpty)
        {
            rest = rest[socket.Send(rest)..];
        }
    }

    /// <summary>One answer: up to a blank line.</summary>
    public static string ReadAnswer(Socket socket)
    {
        string text = "";
        byte[] buffer = new byte[1];
        while (!text.EndsWith("\n\n", StringComparison.Ordinal) && socket.Receive(buffer) == 1)
        {
            text += (char)buffer[0];
        }

        return text;
    }

    public static string ReadToEnd(Socket socket)
    {
        var text = new StringBuilder();
        byte[] buffer = new byte[65536];
        int read;
        while ((read = socket.Receive(buffer)) > 0)
        {
            _ = text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        return text.ToString();
    }

    public void Dispose() => Server.Dispose();
}
