using System.Net.Sockets;

namespace WgNet.Metrics;

/// <summary>One client: a request of bounded size in bounded time, one answer in bounded time, and the end.</summary>
internal sealed class MetricsConnection : IDisposable
{
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(1);
    private static readonly byte[] LineEnd = "\r\n"u8.ToArray();

    private readonly Socket _socket;
    private readonly Func<MetricsConnection, MetricsFormat, IEnumerable<ReadOnlyMemory<byte>>> _write;
    private readonly MetricsTimeouts _timeouts;
    private readonly CancellationTokenSource _end;
    private readonly byte[] _received = new byte[HttpRequest.MaxSize];

    /// <param name="write">The metrics for this client in a format, piece by piece.</param>
    /// <param name="stop">Ends the connection.</param>
    public MetricsConnection(
        Socket socket,
        Func<MetricsConnection, MetricsFormat, IEnumerable<ReadOnlyMemory<byte>>> write,
        MetricsTimeouts timeouts,
        CancellationToken stop)
    {
        _socket = socket;
        _write = write;
        _timeouts = timeouts;
        _end = CancellationTokenSource.CreateLinkedTokenSource(stop);
    }

    /// <summary>Ends it, from any thread.</summary>
    public void Abort() => _end.Cancel();

    /// <summary>Serves the client to its end, which it meets quietly whatever the client does.</summary>
    public async Task RunAsync()
    {
        try
        {
            _end.CancelAfter(_timeouts.Request);
            HttpRequest request = await ReadAsync();
            if (request == default)
            {
                return;
            }

            _end.CancelAfter(_timeouts.Answer);
            await AnswerAsync(request);
            await LingerAsync();
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It went away, or took too long.
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _end.Dispose();
    }

    // Nothing if the client left without a word.
    private async ValueTask<HttpRequest> ReadAsync()
    {
        int length = 0;
        while (length < _received.Length)
        {
            int count = await _socket.ReceiveAsync(_received.AsMemory(length), _end.Token);
            length += count;
            int end = HttpRequest.EndOfHead(_received.AsSpan(0, length));
            if (end >= 0)
            {
                return HttpRequest.Parse(_received.AsSpan(0, end));
            }

            if (count == 0)
            {
                return length == 0 ? default : HttpRequest.Parse([]);
            }
        }

        return HttpRequest.Parse([]);
    }

    private async ValueTask AnswerAsync(HttpRequest request)
    {
        if (request.Status != 200)
        {
            await SendAsync(HttpAnswer.Refusal(request));
            return;
        }

        await SendAsync(HttpAnswer.MetricsHead(request));
        if (!request.WantsBody)
        {
            return;
        }

        foreach (ReadOnlyMemory<byte> piece in _write(this, request.Format))
        {
            if (request.IsChunkable)
            {
                await SendAsync(HttpAnswer.ChunkHead(piece.Length));
                await SendAsync(piece);
                await SendAsync(LineEnd);
            }
            else
            {
                await SendAsync(piece);
            }
        }

        if (request.IsChunkable)
        {
            await SendAsync(HttpAnswer.LastChunk);
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes, _end.Token)..];
        }
    }

    // Closed while something of the client's lies unread, a TCP connection would be reset, and with it the end of the answer.
    private async ValueTask LingerAsync()
    {
        const int MostReads = 16;
        _socket.Shutdown(SocketShutdown.Send);
        _end.CancelAfter(LingerTime);
        for (int i = 0; i < MostReads && await _socket.ReceiveAsync(_received.AsMemory(), _end.Token) > 0; i++)
        {
        }
    }
}

/// <summary>How long a client may take.</summary>
/// <param name="Request">From connecting until its request is whole.</param>
/// <param name="Answer">To read the answer.</param>
public sealed record MetricsTimeouts(TimeSpan Request, TimeSpan Answer)
{
    public static MetricsTimeouts Default { get; } = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20));
}
