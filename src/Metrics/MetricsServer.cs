using System.Net.Sockets;
using WgNet.Device;
using WgNet.Linux;

namespace WgNet.Metrics;

/// <summary>
/// Serves a device's metrics over HTTP, at a Unix socket or a TCP port. Nothing runs while nobody asks: no thread, no timer. Clients
/// are bounded in number, bytes and time, so that strangers who reach the port can neither fill the memory nor keep others out.
/// </summary>
public sealed class MetricsServer : IDisposable
{
    /// <summary>
    /// Clients at a time that have not asked yet, or not for metrics. One more takes the place of who came first: a scraper asks at
    /// once, and so is not kept out by those who hold connections open.
    /// </summary>
    public const int MostWaiting = 256;

    /// <summary>Clients at a time that read metrics, each with all of the counters of one moment. Here, too, who came first leaves first.</summary>
    public const int MostReading = 32;

    private readonly Socket _listener;
    private readonly string? _path;
    private readonly ulong? _inode;
    private readonly string _interfaceName;
    private readonly string _version;
    private readonly IMeasured _device;
    private readonly Log _log;
    private readonly MetricsTimeouts _timeouts;
    private readonly CancellationTokenSource _stop = new();

    // In the order in which they came; each client is in one of them until it ends. Guarded by the former.
    private readonly LinkedList<MetricsConnection> _waiting = [];
    private readonly LinkedList<MetricsConnection> _reading = [];

    private MetricsServer(MetricsAddress address, string interfaceName, string version, IMeasured device, Log log, MetricsTimeouts timeouts)
    {
        _interfaceName = interfaceName;
        _version = version;
        _device = device;
        _log = log;
        _timeouts = timeouts;
        _listener = MetricsListener.Open(address);
        _path = address.Path;
        _inode = _path is null ? null : FileStatus.SocketInode(_path);
    }

    /// <summary>Listens, and answers from now on.</summary>
    /// <param name="interfaceName">The value of the label that every sample has.</param>
    /// <exception cref="ConfigurationException">Nothing can listen there; nothing was changed.</exception>
    public static MetricsServer Start(
        MetricsAddress address, string interfaceName, string version, IMeasured device, Log log, MetricsTimeouts? timeouts = null)
    {
        var server = new MetricsServer(address, interfaceName, version, device, log, timeouts ?? MetricsTimeouts.Default);
        _ = AcceptLoop.RunAsync(server._listener, server.Admit, failure => log.Verbose($"metrics: {failure}"), server._stop.Token);
        return server;
    }

    /// <summary>Ends all connections and removes the socket's file, if it is still the one that was made. Waits for nobody.</summary>
    public void Dispose()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        // The file first: whoever connects through it reaches a socket that listens, or nothing.
        RemoveFile();
        _stop.Cancel();
        _listener.Dispose();
    }

    private void RemoveFile()
    {
        try
        {
            if (_path is not null && _inode is not null && FileStatus.SocketInode(_path) == _inode)
            {
                File.Delete(_path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A dead socket's file harms nobody: whoever listens there next takes its place.
            _log.Error($"metrics: {_path} stays behind: {e.Message}");
        }
    }

    private void Admit(Socket socket)
    {
        var client = new MetricsConnection(socket, Write, _timeouts, _stop.Token);
        lock (_waiting)
        {
            Enter(_waiting, MostWaiting, client);
        }

        // Task.Run: a client that can be answered at once must not keep the next one from being accepted.
        _ = Task.Run(() => ServeAsync(client), CancellationToken.None);
    }

    private IEnumerable<ReadOnlyMemory<byte>> Write(MetricsConnection client, MetricsFormat format)
    {
        lock (_waiting)
        {
            // Who had to leave a moment ago is in neither, and finds out when it writes.
            if (_waiting.Remove(client))
            {
                Enter(_reading, MostReading, client);
            }
        }

        return DeviceExposition.Pieces(_interfaceName, _version, _device.Measure(), format);
    }

    private void Enter(LinkedList<MetricsConnection> clients, int most, MetricsConnection client)
    {
        if (clients.Count >= most)
        {
            // It is disposed only after it has left both lists, and so not before this.
            clients.First!.Value.Abort();
            clients.RemoveFirst();
            _log.Verbose("metrics: too many clients at once, one turned away");
        }

        _ = clients.AddLast(client);
    }

    private async Task ServeAsync(MetricsConnection client)
    {
        try
        {
            await client.RunAsync();
        }
        catch (Exception e)
        {
            // A defect met by one request must not end the tunnel of everyone.
            _log.Error($"metrics: connection ended by {e}");
        }
        finally
        {
            lock (_waiting)
            {
                _ = _waiting.Remove(client) || _reading.Remove(client);
            }

            client.Dispose();
        }
    }
}
