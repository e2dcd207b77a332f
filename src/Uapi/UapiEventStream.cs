using System.IO.Pipelines;
using System.Net.Sockets;
using WgNet.Device.Events;
using WgNet.Linux;

namespace WgNet.Uapi;

/// <summary>
/// What follows <c>subscribe=1</c>: the events of the device, until the client closes its end or says anything more. A client that
/// does not read holds up nobody: when its socket is full, its queue fills, and then it loses events and is told how many. Nothing
/// wakes while nothing happens.
/// </summary>
internal sealed class UapiEventStream(EventSubscription subscription, PipeReader input, PipeWriter output)
{
    /// <summary>Of the blocks and their keys. Grows when a reader of the old ones would misread the new ones.</summary>
    public const int Version = 1;

    private const int FlushThreshold = 16 * 1024;

    /// <summary>Also ends, with an exception, when the client is gone or <paramref name="cancellationToken"/> is set.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Before the client is watched: it is answered even if it has closed its sending side already.
        UapiEvent.WriteSubscribed(Version, Clock.WallTime, output);
        _ = await output.FlushAsync(cancellationToken);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task client = WaitForClientAsync(ended);
        try
        {
            await WriteEventsAsync(ended.Token);
        }
        finally
        {
            await ended.CancelAsync();
            await client;
        }
    }

    private async Task WriteEventsAsync(CancellationToken cancellationToken)
    {
        do
        {
            while (subscription.TryRead(out DeviceEvent? next))
            {
                UapiEvent.Write(next, output);
                if (output.UnflushedBytes >= FlushThreshold)
                {
                    _ = await output.FlushAsync(cancellationToken);
                }
            }

            _ = await output.FlushAsync(cancellationToken);
        }
        while (await subscription.WaitAsync(cancellationToken));
    }

    private async Task WaitForClientAsync(CancellationTokenSource ended)
    {
        try
        {
            _ = await input.ReadAsync(ended.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // Gone, or no longer of interest.
        }

        await ended.CancelAsync();
    }
}
