using System.Net;
using System.Net.Sockets;
using WgNet.Device.Events;
using WgNet.Learning;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Tun;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// One WireGuard interface: its peers, its threads, and what passes between them. Four threads do the work: outbound
/// (TUN → UDP), inbound (UDP → TUN), handshakes, timers. Packets cross none of them on the way. Configuration is applied
/// under one lock that no packet ever takes (see WireGuardDevice.Configuration.cs).
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
    private readonly OutsideEnd _outside;
    private readonly IcmpResponder _icmp;
    private readonly List<Thread> _threads = [];

    // Guarded by the configuration lock. The link may be up without sockets, when none could be opened.
    private WorkerGroup? _outbound;
    private int _workers = WorkerCount.Automatic;
    private bool _isLinkUp;
    private volatile bool _stopping;
    private volatile InterfaceAddresses _own = new(0);
    private volatile int _mtu;
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
        Events = new DeviceEvents(_state);
        _learner = new AddressLearner<Peer>(_allowedIps, hashSecret, Events);
        _timers = new TimerThread(this);
        _names = new NameResolver(options.ResolveName, NameAnswered);
        _icmp = new IcmpResponder(this, tun);
        _outside = new OutsideEnd(options.OpenSockets, StartInbound, DropSource);
        LoadState();
    }

    /// <summary>The device cannot go on: its interface was deleted. Raised once, on a thread of its own.</summary>
    public event Action? Closed;

    /// <summary>Drops that belong to no peer.</summary>
    internal DropCounters Drops { get; } = new();

    /// <summary>What happens here, for whoever wants to hear of it.</summary>
    internal DeviceEvents Events { get; }

    internal Log Log { get; }

    /// <summary>The interface's MTU, followed live; 0 while unknown.</summary>
    internal int Mtu => _mtu;

    /// <summary>Whether the interface is up, so that the outside sockets are open.</summary>
    internal bool IsUp => _outside.IsOpen;

    internal bool IsStopping => _stopping;

    /// <summary>The interface's own address to send ICMPv6 errors from; 0 if it has none.</summary>
    internal UInt128 OwnIPv6Address => _own.IPv6;

    /// <summary>The outside port that is bound; 0 while none is.</summary>
    internal ushort ListenPort => _outside.Port;

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

    /// <summary>The interface went up or down, or its MTU or addresses changed.</summary>
    public void LinkChanged(LinkState state)
    {
        lock (_configuration)
        {
            if (_stopping)
            {
                return;
            }

            _isLinkUp = state.Up;
            _mtu = state.Mtu;
            _own = InterfaceAddresses.From(state);
            _learner.SetInterfaceAddresses(InterfaceAddresses.IPv6Of(state));
            if (state.Up && !IsUp)
            {
                BringUp();
            }
            else if (!state.Up && IsUp)
            {
                BringDown();
            }

            _tun.Wake();
        }
    }

    /// <summary>Routes changed outside: forgets the sticky sources that no longer hold.</summary>
    /// <param name="stillUsesSource">Whether packets to the endpoint, with this firewall mark, still leave from its source.</param>
    public void RoutesChanged(Func<Endpoint, uint, bool> stillUsesSource)
    {
        foreach (Peer peer in _peerList)
        {
            if (peer.Endpoint is { Source: not null } endpoint && !stillUsesSource(endpoint, _firewallMark))
            {
                peer.ClearEndpointSource();
            }
        }
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

    /// <summary>Does what the protocol asked for. Called from every thread.</summary>
    internal void Perform(Peer peer, SessionActions actions)
    {
        if (actions == SessionActions.None)
        {
            return;
        }

        if (actions.HasFlag(SessionActions.ClearEndpointSource))
        {
            peer.ClearEndpointSource();
        }

        long now = Clock.BootTime;
        if (actions.HasFlag(SessionActions.SendInitiationRetry))
        {
            _handshakes.RequestInitiation(peer, isRetry: true);
        }
        else if (actions.HasFlag(SessionActions.SendInitiation))
        {
            RequestInitiation(peer, now);
        }

        if (actions.HasFlag(SessionActions.DropStaged))
        {
            peer.Drops.Add(InsideDrop.StagedOverflow, peer.Staged.Clear());
        }

        // A packet that waited confirms keys as well as a keepalive does, if it was not another thread that sent it.
        bool isKeepaliveDue = actions.HasFlag(SessionActions.SendKeepalive);
        bool areStagedDue = !peer.Staged.IsEmpty && (isKeepaliveDue || actions.HasFlag(SessionActions.SendStaged));
        if (!(areStagedDue && SendStaged(peer, now)) && isKeepaliveDue)
        {
            SendKeepalive(peer, now);
        }

        if (actions.HasFlag(SessionActions.Reschedule))
        {
            _timers.Schedule(peer);
        }
    }

    /// <summary>
    /// Sends what the peer has staged, after what another thread is sending of it, or asks for the handshake that it waits for.
    /// False if nothing was sent.
    /// </summary>
    internal bool SendStaged(Peer peer, long now)
    {
        Keypair? keypair;
        bool sent = false;
        lock (peer.Staged.Sending)
        {
            keypair = peer.Session.SendingKeypair(now);
            if (keypair is null)
            {
                RequestInitiation(peer, now);
                return false;
            }

            peer.Staged.BeginSending();
            while (peer.Staged.Count > 0)
            {
                // The counter first: if the keys ended meanwhile, the packet goes on waiting for the next ones.
                if (!keypair.TryReserve(1, out ulong counter))
                {
                    RequestInitiation(peer, now);
                    break;
                }

                if (peer.Staged.TryTake(out byte[] packet, out byte ecn))
                {
                    sent |= SealAndSend(peer, keypair, counter, packet, ecn);
                }
            }

            peer.Staged.EndSending();
        }

        if (sent)
        {
            Perform(peer, peer.Session.DataSent(keypair, isKeepalive: false, now));
        }

        return sent;
    }

    /// <summary>Hands a batch to the kernel.</summary>
    internal void Send(SendBatch batch) => _outside.Send(batch);

    /// <summary>Sends one datagram; false if it could not leave.</summary>
    internal bool Send(Endpoint to, ReadOnlySpan<byte> datagram) => _outside.Send(to, datagram, ecn: 0);

    /// <summary>Says <see cref="Closed"/> once.</summary>
    internal void RequestClose(string reason)
    {
        if (!_stopping && Interlocked.Exchange(ref _closed, 1) == 0)
        {
            Log.Verbose($"closing: {reason}");
            new Thread(() => Closed?.Invoke()) { IsBackground = true, Name = "close" }.Start();
        }
    }

    // Every packet without a keypair asks, and so does every one under keys that are due: the answer is mostly no, and then the
    // handshake thread sleeps on.
    private void RequestInitiation(Peer peer, long now)
    {
        if (peer.Session.MayInitiate(now))
        {
            _handshakes.RequestInitiation(peer, isRetry: false);
        }
    }

    private void SendKeepalive(Peer peer, long now)
    {
        if (peer.Session.SendingKeypair(now) is not { } keypair || !keypair.TryReserve(1, out ulong counter))
        {
            RequestInitiation(peer, now);
        }
        else if (SealAndSend(peer, keypair, counter, [], ecn: 0))
        {
            Perform(peer, peer.Session.DataSent(keypair, isKeepalive: true, now));
        }
    }

    // Keepalives and staged packets: rare enough for a buffer each.
    private bool SealAndSend(Peer peer, Keypair keypair, ulong counter, ReadOnlySpan<byte> packet, byte ecn)
    {
        byte[] datagram = new byte[Padding.PaddedLength(packet.Length, _mtu) + Keypair.Overhead];
        packet.CopyTo(datagram.AsSpan(Keypair.HeaderSize));
        if (!keypair.Seal(counter, datagram))
        {
            peer.Drops.Add(InsideDrop.KeysWiped, packet.IsEmpty ? 0 : 1);
            return false;
        }

        if (peer.Endpoint is not { } endpoint || !_outside.Send(endpoint, datagram, ecn))
        {
            return false;
        }

        peer.CountSent(datagram.Length);
        return true;
    }

    private void BringUp()
    {
        try
        {
            _outside.Open(_listenPort, _firewallMark);
        }
        catch (LinuxException e)
        {
            Log.Error($"the interface is up, but no outside socket could be opened: {e.Message}; it works once the port is set to a free one");
            return;
        }

        SendPersistentKeepalives();
    }

    private void SendPersistentKeepalives()
    {
        foreach (Peer peer in _peers.Values)
        {
            if (peer.Session.PersistentKeepalive > 0)
            {
                Perform(peer, SessionActions.SendKeepalive);
            }
        }
    }

    private void BringDown()
    {
        _outside.Close();
        foreach (Peer peer in _peers.Values)
        {
            peer.Session.Clear();
            peer.Staged.Clear();
        }
    }

    private int WorkersInForce => _workers == WorkerCount.Automatic ? _options.Workers : _workers;

    private void SetWorkers(int count)
    {
        int before = WorkersInForce;
        _workers = count;
        if (WorkersInForce != before && _outbound is not null)
        {
            _outbound.Stop();
            _outbound = StartOutbound();
            _outside.RestartWorkers();
        }
    }

    private WorkerGroup StartOutbound() =>
        new("outbound", WorkersInForce, turn => new OutboundWorker(this, _tun, _icmp, turn), _tun.Wake);

    private WorkerGroup StartInbound(IUdpSockets sockets) =>
        new("inbound", WorkersInForce, turn => new InboundWorker(this, _sessions, _handshakes, sockets, _tun, _options.Coalesce, turn), sockets.Wake);

    // On a sending thread: no lock, because the configuration may be waiting for that thread to end.
    private void DropSource(Endpoint endpoint)
    {
        foreach (Peer peer in _peerList)
        {
            if (endpoint.Equals(peer.Endpoint))
            {
                peer.ClearEndpointSource();
            }
        }
    }

    private void ClearEndpointSources()
    {
        foreach (Peer peer in _peers.Values)
        {
            peer.ClearEndpointSource();
        }
    }

    private void StartThread(string name, Action run)
    {
        var thread = new Thread(() => run()) { IsBackground = true, Name = name };
        _threads.Add(thread);
        thread.Start();
    }

    /// <summary>The interface's first address, for ICMPv6 errors. Immutable.</summary>
    private sealed record InterfaceAddresses(UInt128 IPv6)
    {
        public static InterfaceAddresses From(LinkState state)
        {
            IPAddress? v6 = state.Addresses.Select(a => a.Address).Where(a => a.AddressFamily == AddressFamily.InterNetworkV6)
                .OrderBy(a => a.IsIPv6LinkLocal).FirstOrDefault();
            return new InterfaceAddresses(v6 is null ? 0 : IpPrefix.ToNumber(v6));
        }

        public static (UInt128 Address, int PrefixLength)[] IPv6Of(LinkState state) =>
            [.. state.Addresses.Where(a => a.Address.AddressFamily == AddressFamily.InterNetworkV6)
                .Select(a => (IpPrefix.ToNumber(a.Address), a.PrefixLength))];
    }
}
