using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using WgNet.Device.Events;
using WgNet.Linux;

namespace WgNet.Uapi;

/// <summary>A client's side of <c>subscribe=1</c>: what happens in a running interface, event by event.</summary>
public sealed class UapiEventReader : IDisposable
{
    private const int MostLines = 64;

    private readonly string _interfaceName;
    private readonly Socket _socket;
    private readonly PipeReader _input;

    private UapiEventReader(string interfaceName, Socket socket)
    {
        _interfaceName = interfaceName;
        _socket = socket;
        _input = PipeReader.Create(new NetworkStream(socket, ownsSocket: false));
    }

    /// <summary>Everything that happens after this has returned.</summary>
    /// <exception cref="UapiException">No such interface, no permission, or it does not tell events.</exception>
    public static async ValueTask<UapiEventReader> SubscribeAsync(string interfaceName, CancellationToken cancellationToken)
    {
        Socket socket = UapiClient.Connect(interfaceName);
        var reader = new UapiEventReader(interfaceName, socket);
        try
        {
            _ = await socket.SendAsync("subscribe=1\n\n"u8.ToArray(), cancellationToken);
            IReadOnlyList<string>? answer = await reader.ReadBlockAsync(cancellationToken);
            return answer is ["errno=0"] ? reader : throw (answer is [var errno] && errno == $"errno=-{Errno.EBUSY}"
                ? new UapiException($"{interfaceName}: too many subscribers at once", Errno.EBUSY)
                : new UapiException($"{interfaceName}: it does not tell events: not WgNet, or an older one", Errno.EPROTO));
        }
        catch (SocketException e)
        {
            reader.Dispose();
            throw reader.Broken(e);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>The next event; null when the interface has ended.</summary>
    /// <exception cref="UapiException">What came makes no sense.</exception>
    public async ValueTask<DeviceEvent?> ReadAsync(CancellationToken cancellationToken)
    {
        while (await ReadBlockAsync(cancellationToken) is { } block)
        {
            try
            {
                if (UapiEvent.Read(block) is { } happened)
                {
                    return happened;
                }
            }
            catch (FormatException)
            {
                throw new UapiException($"{_interfaceName}: an event makes no sense", Errno.EPROTO);
            }
        }

        return null;
    }

    public void Dispose()
    {
        _input.Complete();
        _socket.Dispose();
    }

    // Lines up to a blank one; null at the end.
    private async ValueTask<IReadOnlyList<string>?> ReadBlockAsync(CancellationToken cancellationToken)
    {
        try
        {
            List<string> block = [];
            while (await ReadLineAsync(cancellationToken) is { } line)
            {
                if (line.Length == 0)
                {
                    return block;
                }

                block.Add(block.Count < MostLines ? line : throw TooLong());
            }

            return null;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw Broken(e);
        }
    }

    private async ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await _input.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> buffer = result.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                string line = Encoding.Latin1.GetString(buffer.Slice(0, end));
                _input.AdvanceTo(buffer.GetPosition(1, end));
                return line;
            }

            if (buffer.Length > UapiSetParser.MaxLineLength)
            {
                throw TooLong();
            }

            _input.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                return null;
            }
        }
    }

    private UapiException TooLong() => new($"{_interfaceName}: an event is too long", Errno.EPROTO);

    private UapiException Broken(Exception cause) => new($"{_interfaceName}: {cause.Message}", Errno.EIO);
}
