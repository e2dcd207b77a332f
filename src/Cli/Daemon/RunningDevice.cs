using System.Diagnostics;
using System.Net.Sockets;
using WgNet.Cli.Keys;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Metrics;
using WgNet.Protocol;
using WgNet.Tun;
using WgNet.Uapi;
using WgNet.Udp;

namespace WgNet.Cli.Daemon;

/// <summary>
/// A device put together: TUN, link and route monitors, engine, control socket. Once the constructor returns, the control socket answers.
/// Disposing it removes socket and interface.
/// </summary>
internal sealed class RunningDevice : IDisposable
{
    private const int DefaultMtu = 1420;
    private const string StateDirectory = "/var/lib/wgnet";

    private static readonly TimeSpan PredecessorEnds = TimeSpan.FromSeconds(3), PredecessorPoll = TimeSpan.FromMilliseconds(10);

    private readonly ManualResetEventSlim _ended = new();
    private readonly WireGuardDevice _device;
    private readonly LinkMonitor _links;
    private readonly RouteMonitor _routes;
    private readonly UapiServer _control;
    private readonly Log _log;

    public RunningDevice(string name, DaemonEnvironment environment, Log log)
    {
        _log = log;
        KeyText.RequireSodium();
        DeviceOptions options = Options(name, environment, log);
        TunDevice tun = environment.TunDescriptor is { } descriptor
            ? TunAdvice.Inherit(descriptor)
            : TunAdvice.Open(name, DefaultMtu, environment.TunOffload);
        Socket listener;
        try
        {
            listener = environment.UapiDescriptor is { } inherited ? UapiListener.FromFileDescriptor(inherited) : OpenControlSocket(name);
        }
        catch
        {
            tun.Dispose();
            throw;
        }

        // After the socket, which a predecessor keeps until it has written what this one is about to read.
        _device = new WireGuardDevice(options, tun, new SodiumPrimitives(), log);
        _control = new UapiServer(listener, UapiListener.SocketPath(name), _device, log);
        try
        {
            _links = new LinkMonitor(tun);
            _routes = new RouteMonitor();
        }
        catch
        {
            _control.Dispose();
            _links?.Dispose();
            _device.Dispose();
            throw;
        }

        Start();
    }

    /// <summary>Ends <see cref="WaitForEnd"/>, from any thread.</summary>
    public void RequestEnd(string reason)
    {
        _log.Verbose($"Ending: {reason}");
        _ended.Set();
    }

    /// <summary>Returns when the interface or its socket was deleted, or an end was requested.</summary>
    public void WaitForEnd() => _ended.Wait();

    // What is kept first, then the socket: what it no longer answers, nobody can configure half-way.
    public void Dispose()
    {
        _device.FinishState();
        _control.Dispose();
        _routes.Dispose();
        _links.Dispose();
        _device.Dispose();
        _ended.Dispose();
    }

    // The interface is ours, so whoever answers at its socket is most likely a device that is ending because its interface was deleted:
    // up comes right after down where a service is restarted.
    private static Socket OpenControlSocket(string name)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return UapiListener.Open(name);
            }
            catch (ConfigurationException e) when (e.Errno == Errno.EADDRINUSE && Stopwatch.GetElapsedTime(start) < PredecessorEnds)
            {
                Thread.Sleep(PredecessorPoll);
            }
        }
    }

    private static DeviceOptions Options(string name, DaemonEnvironment environment, Log log)
    {
        ProtocolOptions times = new();
        UdpOptions udp = new() { Offload = environment.UdpOffload };
        return new DeviceOptions
        {
            Protocol = new ProtocolOptions
            {
                RekeyAfterTime = environment.RekeyAfterTime ?? times.RekeyAfterTime,
                RejectAfterTime = environment.RejectAfterTime ?? times.RejectAfterTime,
            },
            Coalesce = environment.TunOffload,
            Workers = environment.Workers ?? WorkerCount.ByCores,
            OpenSockets = (port, mark) => OpenSockets(port, mark, udp, log),
            ServeMetrics = (address, device) => MetricsServer.Start(address, name, CommandLine.Version, device, log),
            TimestampFile = $"{StateDirectory}/{name}.timestamp",
            StateFile = $"{StateDirectory}/{name}.state",
            StateInterval = environment.StateInterval,
        };
    }

    private static UdpSockets OpenSockets(ushort port, uint mark, UdpOptions options, Log log)
    {
        UdpSockets sockets = UdpSockets.Open(port, mark, options);
        sockets.SegmentationDisabled += errno => log.Verbose($"outside: the kernel does not split datagrams here (errno {errno}); sending them one by one");
        log.Verbose($"outside port {sockets.Port}: socket buffers of {options.BufferSize} bytes asked for, got {sockets.ReceiveBufferSize} to receive and {sockets.SendBufferSize} to send");
        return sockets;
    }

    private void Start()
    {
        _device.Closed += () => RequestEnd("the interface cannot go on");
        _links.Deleted += () => RequestEnd("the interface was deleted");
        _control.SocketRemoved += () => RequestEnd("the control socket was removed");
        _links.Changed += _device.LinkChanged;
        _routes.Changed += () => _device.RoutesChanged(_routes.StillUsesSource);
        _device.Start();
        _links.Start();
        _routes.Start();
        _control.Start();
        _log.Verbose("Device started");
    }
}
