using System.Security.Cryptography;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// A change to a device, from whichever syntax it came: the UAPI's <c>set=1</c> or a configuration file. What is null or empty
/// stays as it is. Applied as a whole or not at all.
/// </summary>
public sealed class DeviceUpdate
{
    /// <summary>32 bytes; all zero removes the key. The receiver of the update wipes it after use.</summary>
    public byte[]? PrivateKey { get; set; }

    /// <summary>The absolute path of the file that <see cref="PrivateKey"/> stands in, kept and reported; empty removes it, and so does a key without one.</summary>
    public string? PrivateKeyFile { get; set; }

    public ushort? ListenPort { get; set; }

    /// <summary>0 removes the mark.</summary>
    public uint? FirewallMark { get; set; }

    /// <summary>Workers a direction; <see cref="WorkerCount.Automatic"/> goes by the cores.</summary>
    public int? Workers { get; set; }

    /// <summary>Where metrics are to be served.</summary>
    public MetricsAddress? MetricsListen { get; set; }

    /// <summary>Whether learned addresses and endpoints are kept across restarts; false removes what was kept.</summary>
    public bool? StateFile { get; set; }

    /// <summary>Remove every peer before <see cref="Peers"/> is applied.</summary>
    public bool ReplacePeers { get; set; }

    /// <summary>In order; the same key may occur more than once.</summary>
    public List<PeerUpdate> Peers { get; } = [];

    /// <summary>Overwrites the keys.</summary>
    public void Wipe()
    {
        CryptographicOperations.ZeroMemory(PrivateKey);
        foreach (PeerUpdate peer in Peers)
        {
            CryptographicOperations.ZeroMemory(peer.PresharedKey);
        }
    }
}

/// <summary>A change to one peer, which is created if it does not exist.</summary>
public sealed class PeerUpdate(PublicKey publicKey)
{
    public PublicKey PublicKey { get; } = publicKey;

    public bool Remove { get; set; }

    /// <summary>Do nothing if the peer does not exist.</summary>
    public bool UpdateOnly { get; set; }

    /// <summary>32 bytes; all zero removes the key. The receiver of the update wipes it after use.</summary>
    public byte[]? PresharedKey { get; set; }

    /// <summary>As <see cref="DeviceUpdate.PrivateKeyFile"/>.</summary>
    public string? PresharedKeyFile { get; set; }

    /// <summary>Outside address.</summary>
    public Endpoint? Endpoint { get; set; }

    /// <summary>
    /// The endpoint by name, <c>host:port</c>: kept, reported, and resolved again when the peer is silent; empty removes it. With
    /// <see cref="Endpoint"/>, what the name was resolved to; without, it is resolved at once, in the background.
    /// </summary>
    public string? EndpointHost { get; set; }

    /// <summary>Seconds; 0 is off.</summary>
    public ushort? PersistentKeepalive { get; set; }

    public bool ReplaceAllowedIps { get; set; }

    /// <summary>Inside prefixes, in order.</summary>
    public List<PrefixUpdate> AllowedIps { get; } = [];

    public bool ReplaceLearnableIps { get; set; }

    /// <summary>Inside IPv6 prefixes, in order.</summary>
    public List<PrefixUpdate> LearnableIps { get; } = [];

    /// <summary>Learned addresses to forget.</summary>
    public List<UInt128> ForgetLearned { get; } = [];

    /// <summary>Pinned addresses that age again.</summary>
    public List<UInt128> Unpin { get; } = [];

    /// <summary>
    /// Addresses that become the peer's, or stay so, without ageing. They stand in an update that changes neither peers nor prefixes
    /// nor limits, so that they can be judged before anything is applied.
    /// </summary>
    public List<UInt128> Pin { get; } = [];

    /// <summary>Most learned addresses at a time; 0 switches learning off for this peer.</summary>
    public int? LearnLimit { get; set; }

    /// <summary>Seconds without a packet received from it after which a learned address ends; at least 1.</summary>
    public long? LearnTimeoutSeconds { get; set; }
}

/// <summary>A prefix to add or, with <paramref name="Remove"/>, to take away.</summary>
public readonly record struct PrefixUpdate(IpPrefix Prefix, bool Remove);
