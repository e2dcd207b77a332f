using System.Runtime.CompilerServices;
using WgNet.Device.Events;
using WgNet.Learning;
using WgNet.Protocol;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// A peer: its protocol session, where it is outside, which addresses it may use inside, and its counters.
/// Fields that the packet path reads are written with one store; configuration is written under the device's lock.
/// </summary>
internal sealed class Peer
{
    private Endpoint? _endpoint;
    private PeerName? _name;
    private EventLimits? _eventLimits;
    private int _initiationRequested;
    private long _receivedBytes;
    private long _receivedPackets;
    private long _sentBytes;
    private long _sentPackets;

    // Monotonic nanoseconds.
    private long _lastConflictLogged = long.MinValue;

    public Peer(SessionTable sessions, AddressLearner<Peer> learner, PublicKey publicKey, StagingBudget staging)
    {
        Session = sessions.Add(publicKey, this);
        Learning = learner.AddPeer(this);
        Staged = new StagedPackets(staging);
    }

    public Session Session { get; }

    public LearningPeer<Peer> Learning { get; }

    public StagedPackets Staged { get; }

    public DropCounters Drops { get; } = new();

    /// <summary>Where the peer was last heard authentically, or was configured to be; null if neither.</summary>
    public Endpoint? Endpoint
    {
        get => Volatile.Read(ref _endpoint);
        set => Volatile.Write(ref _endpoint, value);
    }

    /// <summary>
    /// The name that the endpoint was configured by, or null. Taken away before an endpoint is configured, so that who moves the peer by
    /// <see cref="TryMove"/> cannot undo that.
    /// </summary>
    public PeerName? Name
    {
        get => Volatile.Read(ref _name);
        set => Volatile.Write(ref _name, value);
    }

    /// <summary>The file that the preshared key came from; guarded by the device's configuration lock.</summary>
    public string? PresharedKeyFile { get; set; }

    /// <summary>Null until an event of the peer is limited.</summary>
    public EventLimits? EventLimits
    {
        get => Volatile.Read(ref _eventLimits);
        set => Volatile.Write(ref _eventLimits, value);
    }

    /// <summary>Of outside messages, handshakes and keepalives among them.</summary>
    public long ReceivedBytes => Volatile.Read(ref _receivedBytes);

    public long ReceivedPackets => Volatile.Read(ref _receivedPackets);

    public long SentBytes => Volatile.Read(ref _sentBytes);

    public long SentPackets => Volatile.Read(ref _sentPackets);

    /// <summary>Once a batch, not once a packet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CountReceived(int bytes, int packets = 1)
    {
        Interlocked.Add(ref _receivedBytes, bytes);
        Interlocked.Add(ref _receivedPackets, packets);
    }

    /// <inheritdoc cref="CountReceived"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CountSent(int bytes, int packets = 1)
    {
        Interlocked.Add(ref _sentBytes, bytes);
        Interlocked.Add(ref _sentPackets, packets);
    }

    /// <summary>True once in <paramref name="interval"/>, for one of the inbound workers.</summary>
    public bool TryLogConflict(long now, long interval)
    {
        long last = Volatile.Read(ref _lastConflictLogged);
        return now - interval >= last && Interlocked.CompareExchange(ref _lastConflictLogged, now, last) == last;
    }

    /// <summary>True for the first request since <see cref="TakeInitiationRequest"/>, so that a peer is queued once.</summary>
    public bool RequestInitiation() => Interlocked.Exchange(ref _initiationRequested, 1) == 0;

    public void TakeInitiationRequest() => Volatile.Write(ref _initiationRequested, 0);

    /// <summary>Moves the peer to an address of its name, unless it has another name or has roamed meanwhile.</summary>
    /// <param name="from">Where it was when that was decided.</param>
    public bool TryMove(PeerName name, Endpoint? from, Endpoint to)
    {
        while (true)
        {
            // The endpoint is read before the name: see there.
            Endpoint? now = Endpoint;
            if (Name != name || !Equals(now, from))
            {
                return false;
            }

            if (ReferenceEquals(Interlocked.CompareExchange(ref _endpoint, to, now), now))
            {
                return true;
            }
        }
    }

    /// <summary>Forgets a sticky source, unless the peer has roamed meanwhile.</summary>
    public void ClearEndpointSource()
    {
        Endpoint? endpoint = Endpoint;
        if (endpoint?.Source is not null)
        {
            Interlocked.CompareExchange(ref _endpoint, endpoint.WithoutSource(), endpoint);
        }
    }
}
