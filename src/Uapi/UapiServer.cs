using System.Collections.Concurrent;
using System.Net.Sockets;
using WgNet.Device;
using WgNet.Linux;

namespace WgNet.Uapi;

/// <summary>
/// The control socket of one device: any number of clients at once, none of which waits for another or can hold the device up.
/// Clients cost no thread; only the watch over the socket's file has one.
/// </summary>
public sealed class UapiServer : IDisposable
{
    /// <summary>More than that at once are turned away: each may hold a half-read request.</summary>
    public const int MaxClients = 512;

    private readonly Socket _listener;
    private readonly string _path;
    private readonly IControlled _device;
    private readonly Log _log;
    private readonly TimeSpan _answerTimeout;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _clients = new();
    private Inotify? _watch;
    private Thread? _watcher;
    private volatile bool _removed;

    /// <param name="listener">From <see cref="UapiListener"/>; this owns it from now on.</param>
    /// <param name="path">The file of <paramref name="listener"/>, which is watched and in the end removed.</param>
    /// <param name="answerTimeout">How long a client may take to read an answer; default 30 s. An answer holds keys until it is read.</param>
    public UapiServer(Socket listener, string path, IControlled device, Log log, TimeSpan? answerTimeout = null)
    {
        _listener = listener;
        _path = path;
        _device = device;
        _log = log;
        _answerTimeout = answerTimeout ?? TimeSpan.FromSeconds(30);
    }

    /// <summary>Someone removed the socket's file, which is how users end the process. Raised once, on a thread of its own.</summary>
    public event Action? SocketRemoved;

    public static string SocketPath(string interfaceName) => UapiListener.SocketPath(interfaceName);

    /// <summary>Begins to answer and to watch the socket's file.</summary>
    /// <exception cref="LinuxException">The file cannot be watched.</exception>
    public void Start()
    {
        _watch = new Inotify(_path);
        _watcher = new Thread(WatchFile) { IsBackground = true, Name = "uapi-watch" };
        _watcher.Start();
        _ = AcceptLoop.RunAsync(_listener, Admit, failure => _log.Error($"UAPI: {failure}"), _stop.Token);
    }

    /// <summary>Ends all connections and removes the socket's file, unless somebody already did.</summary>
    public void Dispose()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        _stop.Cancel();
        _watch?.Stop();
        if (_watcher is not null && _watcher != Thread.CurrentThread)
        {
            _watcher.Join();
        }

        // A successor may have put its own socket at the path after ours was removed.
        if (!_removed)
        {
            File.Delete(_path);
        }

        _listener.Dispose();
        _ = Task.WaitAll([.. _clients.Keys], TimeSpan.FromSeconds(1));
    }

    private void Admit(Socket client)
    {
        if (_clients.Count >= MaxClients)
        {
            _log.Error("UAPI: too many clients at once, one turned away");
            client.Dispose();
            return;
        }

        // Task.Run: a request that can be answered at once must not keep the next client from being accepted.
        Task task = Task.Run(() => ServeAsync(client), CancellationToken.None);
        _ = _clients.TryAdd(task, 0);
        _ = task.ContinueWith(ended => _clients.TryRemove(ended, out _), CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            await new UapiConnection(client, _device, _log, _answerTimeout).RunAsync(_stop.Token);
        }
        catch (Exception e)
        {
            // A defect met by one client's request must not end the tunnel of everyone.
            _log.Error($"UAPI: connection ended by {e}");
        }
    }

    private void WatchFile()
    {
        using Inotify watch = _watch!;
        do
        {
            if (!File.Exists(_path))
            {
                _removed = true;
                SocketRemoved?.Invoke();
                return;
            }
        }
        while (watch.Wait());
    }
}
