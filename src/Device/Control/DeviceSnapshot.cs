using System.Security.Cryptography;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>A device as it was at one moment, as <c>get=1</c> reports it.</summary>
public sealed class DeviceSnapshot
{
    /// <summary>32 bytes, or null if the device has no key. The receiver wipes it after use.</summary>
    public byte[]? PrivateKey { get; set; }

    /// <summary>The file that it came from, or null if it was given as it is.</summary>
    public string? PrivateKeyFile { get; set; }

    /// <summary>0 when nothing is bound.</summary>
    public ushort ListenPort { get; set; }

    public uint FirewallMark { get; set; }

    /// <summary>The version of the process that runs the device; null if it is not WgNet.</summary>
    public string? WgNetVersion { get; set; }

    /// <summary>As configured: <see cref="WorkerCount.Automatic"/> unless a number was set.</summary>
    public int Workers { get; set; }

    /// <summary>Where metrics are served; null if nowhere.</summary>
    public MetricsAddress? MetricsListen { get; set; }

    /// <summary>Whether learned addresses and endpoints are kept across restarts.</summary>
    public bool StateFile { get; set; } = true;

    /// <summary>How often they could not be written.</summary>
    public long StateFileFailures { get; set; }

    public List<PeerSnapshot> Peers { get; } = [];

    /// <summary>What was dropped and belongs to no peer, as <see cref="PeerSnapshot.Drops"/>.</summary>
    public List<(string Reason, long Count)> Drops { get; } = [];

    /// <summary>Overwrites the keys.</summary>
    public void Wipe()
    {
        CryptographicOperations.ZeroMemory(PrivateKey);
        foreach (PeerSnapshot peer in Peers)
        {
            CryptographicOperations.ZeroMemory(peer.PresharedKey);
        }
    }
}

/// <summary>A peer as it was at one moment.</summary>
public sealed class PeerSnapshot(PublicKey publicKey)
{
    public PublicKey PublicKey { get; } = publicKey;

    /// <summary>32 bytes, or null. The receiver wipes it after use.</summary>
    public byte[]? PresharedKey { get; set; }

    /// <summary>As <see cref="DeviceSnapshot.PrivateKeyFile"/>.</summary>
    public string? PresharedKeyFile { get; set; }

    /// <summary>Outside address.</summary>
    public Endpoint? Endpoint { get; set; }

    /// <summary>The <c>host:port</c> that the endpoint was configured by.</summary>
    public string? EndpointHost { get; set; }

    /// <summary>How often it could not be resolved.</summary>
    public long EndpointHostFailures { get; set; }

    /// <summary>Nanoseconds since 1970-01-01 UTC; 0 for never.</summary>
    public long LastHandshakeWallTime { get; set; }

    /// <summary>Outside bytes of messages received and sent.</summary>
    public long ReceivedBytes { get; set; }

    public long SentBytes { get; set; }

    public ushort PersistentKeepalive { get; set; }

    public int LearnLimit { get; set; }

    public long LearnTimeoutSeconds { get; set; }

    public List<IpPrefix> AllowedIps { get; } = [];

    public List<IpPrefix> LearnableIps { get; } = [];

    public List<LearnedAddressSnapshot> LearnedAddresses { get; } = [];

    /// <summary>Packets dropped, by reason; reasons with zero may be absent. Names are snake_case, as the UAPI reports them.</summary>
    public List<(string Reason, long Count)> Drops { get; } = [];
}

/// <summary>A learned inside address and how many seconds ago a packet was last received from it.</summary>
public readonly record struct LearnedAddressSnapshot(UInt128 Address, long AgeSeconds)
{
    /// <summary>How long ago it was learned.</summary>
    public long FirstSeenSeconds { get; init; }

    /// <summary>Received from it and delivered.</summary>
    public long Packets { get; init; }

    /// <summary>An administrator keeps it: it does not age.</summary>
    public bool IsPinned { get; init; }
}
