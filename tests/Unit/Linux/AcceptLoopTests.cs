using System.Net;
using System.Net.Sockets;
using WgNet.Linux;
using Xunit;

namespace WgNet.Unit.Linux;

public sealed class AcceptLoopTests : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public AcceptLoopTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task RunAsync_ClientsInARow_AreAllAdmittedUntilStopped()
    {
        using var admitted = new SemaphoreSlim(0);
        Task loop = AcceptLoop.RunAsync(_listener, client => Admit(client, admitted), Assert.Fail, _stop.Token);
        for (int i = 0; i < 3; i++)
        {
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(_listener.LocalEndPoint!, _stop.Token);
            await admitted.WaitAsync(_stop.Token);
        }

        await _stop.CancelAsync();
        await loop;
    }

    [Fact]
    public async Task RunAsync_ListenerDisposed_Ends()
    {
        Task loop = AcceptLoop.RunAsync(_listener, client => client.Dispose(), Assert.Fail, _stop.Token);
        _listener.Dispose();
        await loop.WaitAsync(_stop.Token);
    }

    [Fact]
    public async Task RunAsync_AcceptFails_SaysSoAndTriesAgain()
    {
        using var failures = new SemaphoreSlim(0);
        _listener.Shutdown(SocketShutdown.Receive);
        Task loop = AcceptLoop.RunAsync(_listener, client => client.Dispose(), _ => failures.Release(), _stop.Token);
        await failures.WaitAsync(_stop.Token);
        await failures.WaitAsync(_stop.Token);
        await _stop.CancelAsync();
        await loop;
    }

    private static void Admit(Socket client, SemaphoreSlim admitted)
    {
        client.Dispose();
        admitted.Release();
    }
}
