using WgNet.Device.Events;
using WgNet.Learning;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Tun;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// One WireGuard interface: its peers, its threads, and what passes between them. This file is its life, from the first thread to the
/// last; the others of this name are what happens in between. The packet path itself is in the workers: a packet goes through one thread,
/// outbound (TUN → UDP) or inbound (UDP → TUN). Configuration is applied under one lock that no packet ever takes.
/// </summary>
public sealed partial class WireGuardDevice : IControlled, IDisposable
{
    // What all peers may stage together while they wait for handshakes.
    private const long MostStagedBytes = 16 << 20;

    private readonly Lock _configuration = new();
    private readonly DeviceOptions _options;
    private readonly ITunDevice _tun;
    private readonly SessionTable _sessions;
    private readonly AllowedIps<Peer> _allowedIps = new();
    private readonly AddressLearner<Peer> _learner;
    private readonly StagingBudget _staging = new(MostStagedBytes);
    private readonly HandshakeQueue _handshakes = new();
    private readonly TimestampFloor _timestamps;
    private readonly TimerThread _timers;
    private readonly NameResolver _names;
    private readonly InterfaceWatch _watch;
    private readonly OutsideEnd _outside;
    private readonly IcmpResponder _icmp;
    private readonly List<Thread> _threads = [];

    // Guarded by the configuration lock.
    private WorkerGroup? _outbound;
    private int _workers = WorkerCount.Automatic;
    private volatile bool _stopping;
    private int _closed;

    /// <param name="tun">The inside end; disposed with the device.</param>
    public WireGuardDevice(DeviceOptions options, ITunDevice tun, IPrimitives primitives, Log log)
    {
        _options = options;
        _tun = tun;
        Log = log;
        _timestamps = new TimestampFloor(options.TimestampFile, log);
        _sessions = new SessionTable(primitives, options.Protocol) { TimestampFloor = _timestamps.Floor };
        Span<byte> hashSecret = stackalloc byte[16];
        primitives.RandomBytes(hashSecret);
        _state = new StateKeeper(options.StateFile is { } path ? new StateStore(path) : null, (long)(options.StateInterval ?? WriteSchedule.Interval).TotalNanoseconds, CollectState, log);
        Events = new DeviceEvents(_state, deadline => _timers!.WakeBy(deadline));
        _learner = new AddressLearner<Peer>(_allowedIps, hashSecret, Events);
        _timers = new TimerThread(this);
        _names = new NameResolver(options.ResolveName, NameAnswered);
        _icmp = new IcmpResponder(this, tun);
        _watch = new InterfaceWatch(tun, options.Calm);
        _outside = new OutsideEnd(options.OpenSockets, StartInbound, DropSource, _watch.EndInbound);
        LoadState();
    }

    /// <summary>The device cannot go on: its interface was deleted. Raised once, on a thread of its own.</summary>
    public event Action? Closed;

    /// <summary>Drops that belong to no peer.</summary>
    internal DropCounters Drops { get; } = new();

    /// <summary>What happens here, for whoever wants to hear of it.</summary>
    internal DeviceEvents Events { get; }

    internal Log Log { get; }

    internal bool IsStopping => _stopping;

    /// <summary>Starts the threads. The device carries packets once <see cref="LinkChanged"/> has said that the interface is up.</summary>
    public void Start()
    {
        var handshakes = new HandshakeWorker(this, _sessions, _handshakes, _timestamps);
        lock (_configuration)
        {
            _outbound = StartOutbound();
        }

        StartThread("handshakes", handshakes.Run);
        StartThread("timers", _timers.Run);
        StartThread("state", _state.Run);
        StartThread("warm-up", AeadWarmUp.Run);
    }

    /// <summary>Ends the threads, wipes the keys, closes sockets and interface.</summary>
    public void Dispose()
    {
        lock (_configuration)
        {
            if (_stopping)
            {
                return;
            }

            _stopping = true;
            SetMetrics(MetricsAddress.Off, server: null);
            if (IsUp)
            {
                BringDown();
            }
        }

        _outbound?.Stop();
        _handshakes.Close();
        _timers.Stop();
        _names.Stop();
        FinishState();
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        Events.Close();
        _handshakes.Dispose();
        _sessions.Dispose();
        _tun.Dispose();
    }

    /// <summary>Says <see cref="Closed"/> once.</summary>
    internal void RequestClose(string reason)
    {
        if (!_stopping && Interlocked.Exchange(ref _closed, 1) == 0)
        {
            Log.Verbose($"closing: {reason}");
            new Thread(() => Closed?.Invoke()) { IsBackground = true, Name = "close" }.Start();
        }
    }

    private int WorkersInForce => _workers == WorkerCount.Automatic ? _options.Workers : _workers;

    private void SetWorkers(int count)
    {
        int before = WorkersInForce;
        _workers = count;
        if (WorkersInForce != before && _outbound is not null)
        {
            _outside.RestartWorkers(meanwhile: () =>
            {
                _outbound.Stop();
                _outbound = StartOutbound();
            });
        }
    }

    private WorkerGroup StartOutbound()
    {
        var turns = new Turns(WorkersInForce);
        _watch.SetOutbound(turns);
        return new("outbound", turns, MakeOutbound, _tun.Wake);
    }

    private WorkerGroup StartInbound(IUdpSockets sockets)
    {
        var group = new WorkerGroup("inbound", new Turns(WorkersInForce), MakeInbound, sockets.Wake);
        _watch.BeginInbound(sockets.Wake);
        return group;

        InboundWorker MakeInbound(Turn turn) =>
            new(this, _sessions, _handshakes, sockets, _tun, _options.Coalesce, turn, _watch, MakeOutbound(new Turn(new Turns(workers: 1))));
    }

    private OutboundWorker MakeOutbound(Turn turn) => new(this, _tun, _icmp, turn, _watch);

    private void StartThread(string name, Action run)
    {
        var thread = new Thread(() => run()) { IsBackground = true, Name = name };
        _threads.Add(thread);
        thread.Start();
    }
}
