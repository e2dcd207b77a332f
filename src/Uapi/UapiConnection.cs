using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using WgNet.Device;
using WgNet.Device.Events;
using WgNet.Linux;

namespace WgNet.Uapi;

/// <summary>
/// One client: requests one after the other, each answered before the next is looked at. Between requests, and in the middle of
/// one, it may pause for as long as it likes and costs next to nothing; but an answer has to be read.
/// </summary>
internal sealed class UapiConnection(Socket socket, IControlled device, Log log, TimeSpan answerTimeout)
{
    private const int ReadSize = 16 * 1024;

    private UapiSetParser? _set;

    // The operation whose blank line is due.
    private Step _begun = Step.ReadOn;

    private enum Step
    {
        ReadOn,
        Get,
        Set,
        Subscribe,
        NoBlankLine,
        LineTooLong,
        Truncated,
        Close,
    }

    /// <summary>Ends when the client goes, breaks the protocol, does not read its answer, or <paramref name="cancellationToken"/> is set.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var input = PipeReader.Create(stream, new StreamPipeReaderOptions(
            ClearingMemoryPool.Instance, ReadSize, leaveOpen: true, useZeroByteReads: true));
        var output = PipeWriter.Create(stream, new StreamPipeWriterOptions(ClearingMemoryPool.Instance, leaveOpen: true));
        try
        {
            while (await ReadRequestsAsync(input, output, cancellationToken))
            {
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            log.Verbose($"UAPI: client gone: {e.Message}");
        }
        finally
        {
            _set?.Abandon();
            await input.CompleteAsync();
            CompleteQuietly(output);
        }
    }

    // Takes what has arrived, line by line; false ends the connection.
    private async ValueTask<bool> ReadRequestsAsync(PipeReader input, PipeWriter output, CancellationToken cancellationToken)
    {
        ReadResult result = await input.ReadAsync(cancellationToken);
        ReadOnlySequence<byte> buffer = result.Buffer;
        Step step;
        while ((step = TakeLines(ref buffer)) != Step.ReadOn)
        {
            if (step == Step.Subscribe)
            {
                input.AdvanceTo(buffer.Start);
                await SubscribeAsync(input, output, cancellationToken);
                return false;
            }

            if (step != Step.Close)
            {
                await AnswerAsync(step, output, cancellationToken);
            }

            if (step is Step.Close or Step.LineTooLong)
            {
                return false;
            }
        }

        step = buffer.Length > UapiSetParser.MaxLineLength ? Step.LineTooLong
            : result.IsCompleted && _set is not null ? Step.Truncated
            : Step.ReadOn;
        if (step != Step.ReadOn)
        {
            await AnswerAsync(step, output, cancellationToken);
        }

        input.AdvanceTo(buffer.Start, buffer.End);
        return step == Step.ReadOn && !result.IsCompleted;
    }

    // Consumes lines up to the one that completes a request.
    private Step TakeLines(ref ReadOnlySequence<byte> buffer)
    {
        Span<byte> joined = stackalloc byte[UapiSetParser.MaxLineLength];
        var reader = new SequenceReader<byte>(buffer);
        Step step = Step.ReadOn;
        while (step == Step.ReadOn && reader.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'))
        {
            if (line.IsSingleSegment)
            {
                step = TakeLine(line.FirstSpan);
            }
            else if (line.Length <= joined.Length)
            {
                line.CopyTo(joined);
                step = TakeLine(joined[..(int)line.Length]);
            }
            else
            {
                step = Step.LineTooLong;
            }
        }

        buffer = buffer.Slice(reader.Position);
        joined.Clear();
        return step;
    }

    private Step TakeLine(ReadOnlySpan<byte> line)
    {
        if (_set is not null)
        {
            if (line.IsEmpty)
            {
                return Step.Set;
            }

            _set.AddLine(line);
            return Step.ReadOn;
        }

        if (_begun != Step.ReadOn)
        {
            Step step = line.IsEmpty ? _begun : Step.NoBlankLine;
            _begun = Step.ReadOn;
            return step;
        }

        if (line.SequenceEqual("get=1"u8))
        {
            _begun = Step.Get;
        }
        else if (line.SequenceEqual("subscribe=1"u8))
        {
            _begun = Step.Subscribe;
        }
        else if (line.SequenceEqual("set=1"u8))
        {
            _set = new UapiSetParser();
        }
        else
        {
            // As wireguard-go: what is not an operation gets no answer.
            log.Error("UAPI: expected get=1, set=1 or subscribe=1; connection closed");
            return Step.Close;
        }

        return Step.ReadOn;
    }

    private async ValueTask AnswerAsync(Step step, PipeWriter output, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ValueTask answer = WriteAnswerAsync(step, output, timeout.Token);

        // Only for who keeps an answer waiting: a timer that is no longer needed still wakes the runtime when it would have been due.
        if (!answer.IsCompleted)
        {
            timeout.CancelAfter(answerTimeout);
        }

        await answer;
    }

    private async ValueTask WriteAnswerAsync(Step step, PipeWriter output, CancellationToken cancellationToken)
    {
        int errno = step switch
        {
            Step.Get => await GetAsync(output, cancellationToken),
            Step.Set => Set(output),
            Step.NoBlankLine => Refuse("get=1 and subscribe=1 must be followed by a blank line", Errno.EINVAL),
            Step.LineTooLong => Refuse("line too long", Errno.EIO),
            // Half a request may be half of what was meant, so nothing of it is applied.
            _ => Refuse("set=1 ended before its blank line, nothing changed", Errno.EPROTO),
        };
        WriteErrno(errno, output);
        _ = await output.FlushAsync(cancellationToken);
    }

    // The rest of the connection, which has no other use from here on.
    private async ValueTask SubscribeAsync(PipeReader input, PipeWriter output, CancellationToken cancellationToken)
    {
        using EventSubscription? subscription = device.Subscribe();
        WriteErrno(subscription is null ? Refuse("too many subscribers at once, one turned away", Errno.EBUSY) : 0, output);
        if (subscription is not null)
        {
            await new UapiEventStream(subscription, input, output).RunAsync(cancellationToken);
        }
        else
        {
            _ = await output.FlushAsync(cancellationToken);
        }
    }

    private static void WriteErrno(int errno, PipeWriter output) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"errno={-errno}\n\n"), output);

    private async ValueTask<int> GetAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        DeviceSnapshot snapshot = device.Snapshot();
        try
        {
            await UapiGetWriter.WriteAsync(snapshot, output, cancellationToken);
            return 0;
        }
        finally
        {
            snapshot.Wipe();
        }
    }

    private int Set(PipeWriter output)
    {
        UapiSetParser set = _set!;
        _set = null;
        if (set.Error is { } error)
        {
            Explain(set, error.Key, error.Reason, output);
            return Refuse(error.ToString(), error.Errno);
        }

        try
        {
            device.Apply(set.Update);
            return 0;
        }
        catch (ConfigurationException e)
        {
            Explain(set, e.Key ?? "", e.Message, output);
            return Refuse(e.Message, e.Errno);
        }
        catch (LinuxException e)
        {
            Explain(set, "", e.Message, output);
            return Refuse(e.Message, e.Errno);
        }
        finally
        {
            set.Abandon();
        }
    }

    private static void Explain(UapiSetParser set, string key, string reason, PipeWriter output)
    {
        if (set.Explains)
        {
            UapiLine.Write(output, "refused_key"u8, ConfigurationFileException.Printable(key));
            UapiLine.Write(output, "refused_reason"u8, ConfigurationFileException.Printable(reason, UapiLine.MaxReasonLength));
        }
    }

    private int Refuse(string reason, int errno)
    {
        log.Error($"UAPI: {reason}");
        return errno;
    }

    // Completing flushes what is left, which fails when the client is gone; the buffers are given back, wiped, all the same.
    private static void CompleteQuietly(PipeWriter output)
    {
        try
        {
            output.Complete(new IOException("the connection ends"));
        }
        catch (IOException)
        {
        }
    }
}
