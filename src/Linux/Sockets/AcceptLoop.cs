using System.Net.Sockets;

namespace WgNet.Linux;

/// <summary>Takes in who connects to a listening socket, for as long as there is one. Costs no thread while nobody does.</summary>
public static class AcceptLoop
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);

    /// <summary>Ends when <paramref name="stop"/> says so or <paramref name="listener"/> is disposed.</summary>
    /// <param name="listener">The caller's, also afterwards.</param>
    /// <param name="admit">Owns the client's socket. The next client waits until this has returned.</param>
    /// <param name="failed">
    /// Told why nobody could be taken in: out of descriptors, most likely. Clients that are there go on, new ones wait in the backlog.
    /// </param>
    public static async Task RunAsync(Socket listener, Action<Socket> admit, Action<string> failed, CancellationToken stop)
    {
        // Who has the clients' backlog full would keep the caller here.
        await Task.Yield();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                admit(await listener.AcceptAsync(stop));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException
                or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return;
            }
            catch (SocketException e)
            {
                failed($"accept: {e.Message}");
                await Task.Delay(Retry, CancellationToken.None);
            }
        }
    }
}
